import type { JobOptions, NewJob, ParentLink } from '../engine/records.js';
import { ConfigurationError, PayloadTooLargeError, type Fault } from '../errors.js';
import type { JobContext } from './job-context.js';
import { jobFaults, jobLabel, policyOf } from './job-options.js';
import { isRecord, optionFaults, type OptionRules } from './options.js';
import { bytesOf } from './payloads.js';

/** A job for `queue.addBulk`. */
export interface BulkJob<Data = any, Name extends string = string> {
  readonly name: Name;
  readonly data: Data;
  readonly opts?: JobOptions;
}

/** What is wrong with a job that is to be added. @param label what it is called in front of its name */
export function bulkJobFaults(context: JobContext, queue: string, job: BulkJob, label: string): readonly Fault[] {
  const { name, opts }: { readonly name?: unknown; readonly opts?: unknown } = isRecord(job) ? job : {};
  const at = jobLabel(queue, name, label);
  const faults = optionFaults(job, bulkJobRules, at);
  if (!isRecord(job)) return faults;
  const options: JobOptions = isRecord(opts) ? opts : {};
  return [...faults, ...jobFaults(name, options, at), ...parentFaults(context, options, at)];
}

function parentFaults(context: JobContext, { parent }: JobOptions, at: string): readonly Fault[] {
  if (typeof parent?.queue !== 'string' || context.queueOf(parent.queue) !== undefined) return [];
  const message = `parent.queue must be the qualified name of a queue with the prefix ${context.prefix}, such as ${context.qualified('orders')}: job.queueQualifiedName`;
  return [{ code: 'INVALID_OPTION', at, message }];
}

/**
 * A job as the store takes it; its faults were asked for before.
 *
 * @throws UnserializableValueError, PayloadTooLargeError
 */
export function newJob(context: JobContext, queue: string, job: BulkJob, label: string, link?: ParentLink): NewJob {
  const { name, data, opts = {} } = job;
  const what = (): string => `the data of ${jobLabel(queue, name, label)}`;
  const payload = context.payloads.encode(data, what);
  const bytes = opts.sizeLimit === undefined ? 0 : bytesOf(payload ?? '');
  if (bytes > (opts.sizeLimit ?? bytes)) {
    throw new PayloadTooLargeError(`${what()} has ${bytes} bytes, its sizeLimit is ${opts.sizeLimit}`);
  }
  const timestamp = opts.timestamp ?? Math.floor(context.engine.clock.now());
  const parent = link ?? linkOf(context, opts);
  return { queue, name, data: payload, opts, timestamp, ...(parent && { parent }) };
}

function linkOf(context: JobContext, opts: JobOptions): ParentLink | undefined {
  if (!opts.parent) return undefined;
  const { id, queue, group } = opts.parent;
  return {
    queue: context.queueOf(queue)!,
    id,
    ...(group !== undefined && { group }),
    onFailure: policyOf(opts),
  };
}

/** @throws ConfigurationError that names all faults together */
export function refuseFaults(faults: readonly Fault[], what = 'Nothing was added:'): void {
  if (faults.length > 0) throw new ConfigurationError(what, faults);
}

const any = { test: () => true, expects: 'anything' };
/** A misspelt `opts` would be ignored in silence. */
const bulkJobRules: OptionRules<BulkJob<unknown>> = {
  name: any,
  data: any,
  opts: { test: isRecord, expects: "an object: the job's options" },
};
