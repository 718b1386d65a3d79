import { isDeepStrictEqual } from 'node:util';
import type { Claimed, Recovery } from '../../../src/engine/engine.js';
import type { ChildRecord, JobRecord, Lease } from '../../../src/engine/records.js';
import { StepstreamError } from '../../../src/errors.js';
import type { EngineUnderTest } from '../../contract/bench.js';
import { textOf, withLeases, type Call, type Outcome } from './call.js';
import { Hearing } from './hearing.js';
import type { ModelJob } from './model-job.js';
import { createModel, type Model } from './model.js';
import { assertNoneWaitsInVain, assertOneStateEach, assertResultsStay, modelPicture, pictureOf, queues, type Picture, type SeenJob } from './picture.js';

/** How time passes for an engine: in steps of `unit` milliseconds. */
export interface Pace {
  readonly unit: number;
  /** When it runs on by itself, what lasts some units ends half a unit earlier, so that no decision is near a step. */
  readonly clock: 'stands' | 'runs';
}

/** The model and an engine, to which the same happens. */
export class World {
  readonly model: Model;
  /** The model's, in the order in which they were given. */
  readonly leases: Lease[] = [];
  /** The jobs that they were given for, by token. */
  readonly leased = new Map<string, ModelJob>();
  /** Every write that was sent, whatever came of it. */
  readonly writes: Call[] = [];
  /** Every job that was ever there, as `queue/id`. */
  readonly ids = new Set<string>();
  readonly #under: EngineUnderTest;
  readonly #pace: Pace;
  readonly #start: number;
  readonly #hearing: Hearing;
  readonly #tokens = { toEngine: new Map<string, string>(), toModel: new Map<string, string>() };
  #seen: Picture = { lists: {}, counts: [], jobs: {} };

  constructor(under: EngineUnderTest, pace: Pace) {
    this.#under = under;
    this.#pace = pace;
    this.#start = Math.floor(under.engine.clock.now());
    this.model = createModel(this.#start);
    this.#hearing = new Hearing(under.engine);
  }

  /** How far the clock moves in so many steps. */
  steps(units: number): number {
    return units * this.#pace.unit;
  }

  /** So many units of time, in milliseconds. */
  lasting(units: number): number {
    const { unit, clock } = this.#pace;
    return clock === 'runs' && units > 0 ? (units - 0.5) * unit : units * unit;
  }

  /** The time in so many units. */
  in(units: number): number {
    return this.model.store.now + this.lasting(units);
  }

  /**
   * Makes the call on both; compares what came of it, and then all that can be seen.
   *
   * @param tell hears what is to come of it, before the engine is asked
   */
  async play(call: Call, tell?: (expected: Outcome) => void): Promise<void> {
    await this.#attempt(call, tell, () => this.#compare(call));
  }

  /** {@link play}, but only what came of it is compared. */
  async pass(call: Call): Promise<void> {
    await this.#attempt(call);
  }

  async #attempt(call: Call, tell?: (expected: Outcome) => void, compare?: () => Promise<void>): Promise<void> {
    const expected = this.#playOnModel(call);
    tell?.(expected);
    try {
      if (isShortClaim(call, expected)) this.#hearing.sleeps(call.args[0]);
      const outcome = await this.#playOnEngine(call);
      assertSame('the answer', this.#normal(call, outcome), this.#normal(call, expected));
      this.#note(call, expected, outcome);
      await this.#under.advance(this.model.store.now - this.#under.engine.clock.now());
      await compare?.();
    } catch (error) {
      throw new Error(`${textOf(call, expected)}\n${(error as Error).message}`); // oxlint-disable-line preserve-caught-error
    }
  }

  #playOnModel({ method, args }: Call): Outcome {
    if (method === 'advance') {
      this.model.store.now += args[0];
      return { answer: undefined };
    }
    try {
      return { answer: Reflect.apply(this.model.port[method] as () => unknown, undefined, args) };
    } catch (error) {
      return refusal(error);
    }
  }

  async #playOnEngine({ method, args }: Call): Promise<Outcome> {
    if (method === 'advance') return { answer: undefined };
    const { engine } = this.#under;
    const ownArgs = withLeases(args, this.#translate('toEngine'));
    try {
      return { answer: await (Reflect.apply(engine[method], engine, ownArgs) as unknown) };
    } catch (error) {
      return refusal(error);
    }
  }

  #translate(to: 'toEngine' | 'toModel'): (lease: Lease) => Lease {
    return (lease) => ({ ...lease, token: this.#tokens[to].get(lease.token) ?? lease.token });
  }

  /** The outcome but for what may differ: tokens, the numbers of events, and more promised of stalls than will come. */
  #normal({ method }: Call, outcome: Outcome): unknown {
    if ('refused' in outcome) return outcome;
    if (method === 'claim')
      return (outcome.answer as Claimed[]).map(({ job, lease: { queue, jobId } }) => [queue, jobId, this.#record(job)]);
    if (method === 'renew') return withLeases(outcome.answer as Lease[], this.#translate('toModel'));
    if (method === 'list') return (outcome.answer as JobRecord[]).map((job) => this.#record(job));
    if (method === 'recoverStalled')
      return [...(outcome.answer as Recovery).recovered].sort((a, b) => (a.jobId < b.jobId ? -1 : 1));
    return outcome.answer;
  }

  /** But for the numbers of events; a clock that runs is read by its steps. */
  #record(job: JobRecord): unknown {
    return { ...job, ...this.#look(job, [], []), eventId: 0 };
  }

  #look(job: JobRecord, children: readonly ChildRecord[], logs: readonly string[]): SeenJob {
    const { unit, clock } = this.#pace;
    const { checkpoint } = job;
    const time = (ms: number | undefined) =>
      clock === 'runs' && ms !== undefined ? Math.floor((ms - this.#start) / unit) : ms;
    return {
      state: job.state,
      data: job.data,
      due: time(job.due),
      attemptsMade: job.attemptsMade,
      attemptsStarted: job.attemptsStarted,
      stalledCounter: job.stalledCounter,
      processedOn: time(job.processedOn),
      finishedOn: time(job.finishedOn),
      progress: job.progress,
      returnvalue: job.returnvalue,
      failedReason: job.failedReason,
      failedCode: job.failedCode,
      stacktrace: job.stacktrace,
      checkpoint: checkpoint && { ...checkpoint, fields: Object.fromEntries(checkpoint.fields) as never },
      children,
      logs,
    };
  }

  #note(call: Call, expected: Outcome, outcome: Outcome): void {
    if (isWrite(call)) this.writes.push(call);
    if ('refused' in expected || 'refused' in outcome) return;
    if (call.method === 'recoverStalled' && (expected.answer as Recovery).mayStall)
      assertSame('mayStall', (outcome.answer as Recovery).mayStall, true);
    if (call.method !== 'claim') return;
    const theirs = outcome.answer as Claimed[];
    for (const [index, { lease }] of (expected.answer as Claimed[]).entries()) {
      const { token } = theirs[index]!.lease;
      if (this.#tokens.toModel.has(token)) throw new Error(`W1: the token of ${lease.jobId} was given before`);
      this.#tokens.toModel.set(token, lease.token);
      this.#tokens.toEngine.set(lease.token, token);
      this.leases.push(lease);
      this.leased.set(lease.token, this.model.store.find(lease.queue, lease.jobId)!);
    }
  }

  async #compare(call: Call): Promise<void> {
    for (const { queue, id } of this.model.store.jobs) this.ids.add(`${queue}/${id}`);
    const ids = [...this.ids];
    this.#hearing.hear();
    const seen = await pictureOf(this.#under.engine, ids, (job, children, logs) => {
      this.#hearing.assertIsNow(job);
      return this.#look(job, children, logs);
    });
    assertSame('what is seen', seen, modelPicture(this.model, (...parts) => this.#look(...parts)));
    assertOneStateEach(seen);
    assertNoneWaitsInVain(seen);
    assertResultsStay(this.#seen, seen, call.method === 'retry' ? call.args.join('/') : undefined);
    this.#hearing.assertTellsOf(seen);
    for (const queue of queues) if (this.model.store.claimable(queue).length > 0) this.#hearing.assertWoken(queue);
    this.#seen = seen;
  }
}

/** The engine's outcome or picture is the model's. */
function assertSame(what: string, seen: unknown, expected: unknown): void {
  // the first is fast; only the second knows that the order of keys is no difference
  if (JSON.stringify(seen) === JSON.stringify(expected) || isDeepStrictEqual(seen, expected)) return;
  try {
    expect(seen).toStrictEqual(expected);
  } catch (error) {
    throw new Error(`${what} is not the model's: ${(error as Error).message}`);
  }
  throw new Error(`${what} is not the model's`);
}

function isShortClaim(call: Call, outcome: Outcome): call is Call & { readonly method: 'claim' } {
  return call.method === 'claim' && 'answer' in outcome && (outcome.answer as Claimed[]).length < call.args[1].limit;
}

function isWrite({ method }: Call): boolean {
  return ['checkpoint', 'moveToDelayed', 'moveToWaitingChildren', 'complete', 'fail', 'release'].includes(method);
}

function refusal(error: unknown): Outcome {
  if (error instanceof StepstreamError) return { refused: error.code };
  throw error;
}
