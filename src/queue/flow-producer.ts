import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { isName, nameRule } from '../engine/names.js';
import type { NewJob, ParentLink } from '../engine/records.js';
import { ClosedError, type Fault } from '../errors.js';
import { addedRecord } from '../job/added-record.js';
import { Job } from '../job/job.js';
import { JobContext } from '../job/job-context.js';
import { jobFaults, policyOf, withDefaults } from '../job/job-options.js';
import { bulkJobFaults, newJob, refuseFaults } from '../job/new-job.js';
import { isRecord, optionFaults, rules, type OptionRules } from '../job/options.js';
import { joinStore, storeOptionRules, type StoreOptions } from '../stores.js';
import type { FlowJob, FlowOptions, FlowQuery, JobNode } from './flow.js';

/** A script's work is bounded. */
const largestFlow = 10_000;
const deepestFlow = 32;

/** A job of a flow that is about to be added. */
interface Node {
  readonly job: NewJob;
  readonly children: readonly Node[];
}

/**
 * Adds jobs together with the children that they wait for, over any number of queues.
 *
 * @example
 * ```ts
 * const flow = new FlowProducer({ connection });
 * await flow.add({
 *   name: 'report',
 *   queueName: 'reports',
 *   children: [{ name: 'page', queueName: 'pages', data: { page: 1 } }],
 * });
 * ```
 */
export class FlowProducer extends EventEmitter<{ error: [error: Error] }> {
  readonly #context: JobContext;
  #closing: Promise<void> | undefined;

  /** @throws ConfigurationError */
  constructor(options: StoreOptions | JobContext = {}) {
    super(); // BullMQ's is one, and is listened to for errors: here the calls reject
    if (options instanceof JobContext) this.#context = options;
    else {
      refuseFaults(optionFaults(options, storeOptionRules, 'FlowProducer'), 'There is no such FlowProducer:');
      this.#context = joinStore(options);
    }
  }

  /**
   * Adds a tree of jobs, all or none: each waits for its children. With `opts.parent` the topmost becomes a child of a job
   * that exists, be it one that is being run.
   *
   * @throws ConfigurationError that names all faults of all jobs together; UnserializableValueError, PayloadTooLargeError;
   *   JobNotFoundError for a parent that isn't in the store. Then nothing was added.
   */
  async add(flow: FlowJob, options: FlowOptions = {}): Promise<JobNode> {
    const [node] = await this.#add([flow], options, () => 'flow');
    return node!;
  }

  /** Adds trees of jobs, all or none, up to 10,000 jobs. @throws as {@link add} */
  addBulk(flows: readonly FlowJob[]): Promise<JobNode[]> {
    return this.#add(flows, {}, (index) => `flows[${index}]`);
  }

  /** The tree of a job, its children and theirs, as they stand; `undefined` when the job isn't in the store. */
  async getFlow(query: FlowQuery): Promise<JobNode | undefined> {
    refuseFaults(optionFaults(query, queryRules, 'getFlow'), 'Nothing was looked for:');
    const { queueName, id, depth = 10, maxChildren = 20 } = query;
    return this.#nodeOf(queueName, id, depth, maxChildren);
  }

  /** Ends its connections; what is stored stays. */
  close(): Promise<void> {
    return (this.#closing ??= this.#context.close());
  }

  /** Resolves when the store answers. @throws StoreUnavailableError when it doesn't for 5 s */
  async waitUntilReady(): Promise<void> {
    await this.#context.engine.settings('any');
  }

  // --- adding ---

  async #add(flows: readonly FlowJob[], options: FlowOptions, labelOf: (index: number) => string): Promise<JobNode[]> {
    if (this.#closing) throw new ClosedError('the flow producer is closed: nothing was added');
    const all = Array.isArray(flows) ? flows : [flows];
    const faults = all.flatMap((flow: FlowJob, index) => this.#faultsOf(flow, labelOf(index)));
    refuseFaults([...flowOptionFaults(options), ...faults]);
    const nodes = all.map((flow: FlowJob, index) => this.#planned(flow, options, labelOf(index), undefined));
    const jobs = nodes.flatMap(parentsFirst);
    if (jobs.length > largestFlow) {
      const message = `it has ${jobs.length} jobs, the limit is ${largestFlow}: add a part of them from within a job`;
      refuseFaults([{ code: 'INVALID_OPTION', at: 'flow', message }]);
    }
    const ids = await this.#context.engine.add(jobs);
    const idOf = new Map(jobs.map((job, index) => [job, ids[index]!]));
    return nodes.map((node) => this.#added(node, idOf));
  }

  #faultsOf(flow: FlowJob, label: string, isChild = false, depth = 1): readonly Fault[] {
    const faults: Fault[] = [...optionFaults(flow, flowRules, label)];
    if (!isRecord(flow)) return faults;
    const { queueName, name, data, opts } = flow;
    const children: readonly unknown[] = Array.isArray(flow.children) ? flow.children : []; // what else it is, is named already
    if (!isName(queueName))
      faults.push({ code: 'INVALID_NAME', at: label, message: `queueName won't do: ${nameRule}` });
    else faults.push(...bulkJobFaults(this.#context, queueName, { name, data, ...(opts && { opts }) }, label));
    const refuse = (message: string): void => void faults.push({ code: 'INVALID_OPTION', at: label, message });
    if (isChild && opts?.parent) refuse('its parent is the job that it stands under: leave opts.parent out');
    if (children.length > 0 && opts?.deduplication)
      refuse('a job with children has no deduplication: they would be lost with it');
    if (depth > deepestFlow) refuse(`it is nested deeper than ${deepestFlow} generations`);
    else {
      for (const [index, child] of children.entries()) {
        faults.push(...this.#faultsOf(child as FlowJob, `${label}.children[${index}]`, true, depth + 1));
      }
    }
    return faults;
  }

  /** The job of a flow, with an id of its own: its children name it. */
  #planned(
    flow: FlowJob,
    options: FlowOptions,
    label: string,
    parent: Pick<ParentLink, 'queue' | 'id'> | undefined,
  ): Node {
    const { queueName, name, data, children = [] } = flow;
    const opts = withDefaults(options.queuesOptions?.[queueName]?.defaultJobOptions, flow.opts) ?? {};
    const link = parent && { ...parent, onFailure: policyOf(opts) };
    const own = parent ? { ...opts, parent: { id: parent.id, queue: this.#context.qualified(parent.queue) } } : opts;
    const id = opts.jobId ?? randomUUID();
    const job = newJob(this.#context, queueName, { name, data, opts: own }, label, link);
    return {
      job: { ...job, id, ...(children.length > 0 && { hasChildren: true }) },
      children: children.map((child, index) =>
        this.#planned(child, options, `${label}.children[${index}]`, { queue: queueName, id }),
      ),
    };
  }

  #added({ job, children }: Node, idOf: ReadonlyMap<NewJob, string>): JobNode {
    const added = new Job(this.#context, addedRecord(job, idOf.get(job)!));
    return children.length === 0
      ? { job: added }
      : { job: added, children: children.map((child) => this.#added(child, idOf)) };
  }

  // --- looking ---

  async #nodeOf(queue: string, id: string, depth: number, maxChildren: number): Promise<JobNode | undefined> {
    const { engine } = this.#context;
    const record = await engine.get(queue, id);
    if (!record) return undefined;
    const job = new Job(this.#context, record);
    const all = depth > 1 ? await engine.children(queue, id) : [];
    const some = ['completed', 'pending', 'failed'].flatMap((status) =>
      all.filter((child) => child.status === status).slice(0, maxChildren),
    );
    if (some.length === 0) return { job };
    const children = await Promise.all(
      some.map((child) => this.#nodeOf(child.queue, child.id, depth - 1, maxChildren)),
    );
    return { job, children: children.filter((child) => child !== undefined) };
  }
}

function parentsFirst({ job, children }: Node): readonly NewJob[] {
  return [job, ...children.flatMap(parentsFirst)];
}

const any = { test: () => true, expects: 'anything' };

const flowRules: OptionRules<FlowJob> = {
  name: any,
  queueName: any,
  data: any,
  opts: { test: isRecord, expects: "an object: the job's options" },
  children: { test: Array.isArray, expects: 'a list of { name, queueName, data?, opts?, children? }' },
};

const flowOptionRules: OptionRules<FlowOptions> = {
  queuesOptions: { test: isRecord, expects: '{ [queue]: { defaultJobOptions } }' },
};

function flowOptionFaults(options: FlowOptions): readonly Fault[] {
  const faults = optionFaults(options, flowOptionRules, 'the options of the flow');
  if (faults.length > 0) return faults;
  return Object.entries(options.queuesOptions ?? {}).flatMap(([queue, own]) => {
    const at = `queuesOptions["${queue.slice(0, 128)}"]`;
    const of = optionFaults(own, { defaultJobOptions: { test: isRecord, expects: 'options of jobs' } }, at);
    return of.length > 0 ? of : jobFaults('any', own.defaultJobOptions ?? {}, at);
  });
}

const queryRules: OptionRules<FlowQuery> = {
  id: { test: (value) => typeof value === 'string', expects: "the job's id" },
  queueName: { test: isName, expects: nameRule },
  depth: rules.atLeastOne,
  maxChildren: rules.atLeastOne,
};
