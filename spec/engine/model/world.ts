import type { Claimed, Recovery } from '../../../src/engine/engine.js';
import type { ChildRecord, JobRecord, JobState, Lease } from '../../../src/engine/records.js';
import { StepstreamError } from '../../../src/errors.js';
import type { EngineUnderTest } from '../../contract/bench.js';
import { textOf, withLeases, type Call, type Outcome } from './call.js';
import { assertSame, Comparable, type Pace } from './comparable.js';
import { Hearing } from './hearing.js';
import type { ModelJob } from './model-job.js';
import { createModel, type Model } from './model.js';
import {
  assertNoneWaitsInVain,
  assertOneStateEach,
  assertResultsStay,
  modelPicture,
  pictureOf,
  queues,
  type Picture,
  type SeenJob,
} from './picture.js';

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
  readonly #comparable: Comparable;
  readonly #hearing: Hearing;
  /** The engine's tokens by the model's, and the other way round. */
  readonly #toEngine = new Map<string, string>();
  readonly #toModel = new Map<string, string>();
  #seen: Picture = { lists: {}, counts: [], jobs: {} };

  constructor(under: EngineUnderTest, pace: Pace) {
    this.#under = under;
    this.#pace = pace;
    const start = Math.floor(under.engine.clock.now());
    this.#comparable = new Comparable(pace, start);
    this.model = createModel(start);
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
      const [seen, wanted] = [outcome, expected].map((each) => this.#comparable.outcome(call, each, this.#ofModel));
      assertSame('the answer', seen, wanted);
      this.#note(call, expected, outcome);
      await this.#under.advance(this.#isBehind());
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
    const ownArgs = withLeases(args, (lease) => ({ ...lease, token: this.#toEngine.get(lease.token) ?? lease.token }));
    try {
      return { answer: await (Reflect.apply(engine[method], engine, ownArgs) as unknown) };
    } catch (error) {
      return refusal(error);
    }
  }

  /** By how much; a clock that runs may be a little ahead. */
  #isBehind(): number {
    const behind = this.model.store.now - this.#under.engine.clock.now();
    if (behind < -this.#pace.unit / 2) throw new Error('the clock has run away from the model: it needs a longer unit');
    return Math.max(behind, 0);
  }

  /** The model's lease in the place of the engine's. */
  readonly #ofModel = (lease: Lease): Lease => ({ ...lease, token: this.#toModel.get(lease.token) ?? lease.token });

  #note(call: Call, expected: Outcome, outcome: Outcome): void {
    if (isWrite(call)) this.writes.push(call);
    if ('refused' in expected || 'refused' in outcome) return;
    if (call.method === 'recoverStalled' && (expected.answer as Recovery).mayStall)
      // more may be promised, not less
      assertSame('mayStall', (outcome.answer as Recovery).mayStall, true);
    if (call.method !== 'claim') return;
    const theirs = outcome.answer as Claimed[];
    for (const [index, { lease }] of (expected.answer as Claimed[]).entries()) {
      const { token } = theirs[index]!.lease;
      if (this.#toModel.has(token)) throw new Error(`W1: the token of ${lease.jobId} was given before`);
      this.#toModel.set(token, lease.token);
      this.#toEngine.set(lease.token, token);
      this.leases.push(lease);
      this.leased.set(lease.token, this.model.store.find(lease.queue, lease.jobId)!);
    }
  }

  async #compare(call: Call): Promise<void> {
    for (const { queue, id } of this.model.store.jobs) this.ids.add(`${queue}/${id}`);
    const ids = [...this.ids];
    this.#hearing.hear();
    const isOrdered = (state: JobState): boolean => this.#comparable.isOrdered(state);
    const look = (job: JobRecord, children: readonly ChildRecord[], logs: readonly string[]): SeenJob => {
      this.#hearing.assertIsNow(job);
      return this.#comparable.job(job, children, logs);
    };
    const seen = await pictureOf(this.#under.engine, ids, look, isOrdered);
    const expected = modelPicture(this.model, (...parts) => this.#comparable.job(...parts), isOrdered);
    assertSame('what is seen', seen, expected);
    assertOneStateEach(seen);
    assertNoneWaitsInVain(seen);
    assertResultsStay(this.#seen, seen, call.method === 'retry' ? `${call.args[0]}/${call.args[1]}` : undefined);
    this.#hearing.assertTellsOf(seen);
    for (const queue of queues) if (this.model.store.claimable(queue).length > 0) this.#hearing.assertWoken(queue);
    this.#seen = seen;
  }
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
