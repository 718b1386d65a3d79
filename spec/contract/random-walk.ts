import { array, assert, asyncProperty, constantFrom, nat, tuple } from 'fast-check';
import type { Claimed } from '../../src/engine/engine.js';
import type { EngineEvent, JobState, NewJob, Write } from '../../src/engine/records.js';
import { LeaseLostError } from '../../src/errors.js';
import { Bench, child, failure, jobs, kids, lockDuration, next } from './bench.js';

/** Writes with an activation; answers whether it goes on afterwards. `n` is a number to choose by. */
type Send = (walk: Walk, claimed: Claimed, write: Write, n: number) => Promise<boolean>;
type Move = (walk: Walk, n: number) => Promise<unknown>;

/** A store, and workers that know no more than workers do: some of their activations are stale, and they don't know it. */
class Walk {
  readonly bench: Bench;
  readonly active: Claimed[] = [];
  readonly added: { readonly queue: string; readonly id: string }[] = [];
  readonly heard: { readonly queue: string; readonly event: EngineEvent }[] = [];
  #kids = 0;

  constructor(bench: Bench) {
    this.bench = bench;
    for (const queue of [jobs, kids]) bench.engine.events(queue, (event) => void this.heard.push({ queue, event }));
  }

  async add(n: number): Promise<void> {
    const delay = n % 4 === 0 ? 300 : 0;
    this.added.push({ queue: jobs, id: await this.bench.add({ priority: n % 3, delay, lifo: n % 5 === 0 }) });
  }

  newKids(parent: string, n: number): readonly NewJob[] {
    const policies = ['continue', 'ignore', 'fail'] as const;
    const made = Array.from({ length: 1 + (n % 2) }, (_, index) =>
      child(parent, `kid-${this.#kids++}`, policies[(n + index) % 3], `gate-${n % 2}`),
    );
    for (const { opts } of made) this.added.push({ queue: kids, id: opts.jobId! });
    return made;
  }

  /** The next write of some activation. When it is stale, the store must refuse it whatever its number. */
  async write(n: number, send: Send): Promise<void> {
    const place = n % (this.active.length || 1);
    const claimed = this.active[place];
    if (!claimed) return;
    const { queue, jobId } = claimed.lease;
    const seq = (await this.bench.job(jobId, queue)).seq + 1;
    const isParent = queue === jobs && n % 3 > 0;
    const write = { seq, cursor: 'begun', progress: '1', ...(isParent && { children: this.newKids(jobId, n) }) };
    let goesOn = false;
    try {
      goesOn = await send(this, claimed, write, n);
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
    }
    if (!goesOn) this.active.splice(place, 1);
  }
}

const add: Move = (walk, n) => walk.add(n);
const claim: Move = async (walk, n) =>
  walk.active.push(...(await walk.bench.claimUpTo(1 + (n % 3), n % 2 === 0 ? jobs : kids)));
const pass: Move = (walk, n) => walk.bench.advance(100 * (n % 8));
const recover: Move = async (walk, n) => walk.bench.engine.recoverStalled(n % 2 === 0 ? jobs : kids, 1);

const sends: readonly Send[] = [
  async ({ bench }, { lease }, write) => {
    await bench.engine.checkpoint(lease, write);
    return true;
  },
  async ({ bench }, { lease }, write, n) => {
    const due = bench.engine.clock.now() + 500;
    const waiting = [{ groups: ['gate-0'] }, { groups: ['gate-1'], due }, { all: { failuresSeen: n % 2 } }][n % 3]!;
    return !(await bench.engine.moveToWaitingChildren(lease, write, waiting));
  },
  async ({ bench }, { lease }, write, n) => {
    await bench.engine.moveToDelayed(lease, write, bench.engine.clock.now() + 100 * (n % 5) - 100);
    return false;
  },
  async ({ bench }, { lease }, write, n) =>
    (await bench.engine.complete(lease, write, '1', n % 2)) === 'failed-children',
  async ({ bench }, { lease }, write, n) => {
    const retryAt = n % 2 === 0 ? undefined : bench.engine.clock.now() + 100 * (n % 4);
    await bench.engine.fail(lease, write, failure(), retryAt);
    return false;
  },
  async ({ bench }, { lease }, write) => {
    await bench.engine.release(lease, write);
    return false;
  },
];

const moves: readonly Move[] = [
  add,
  claim,
  claim,
  claim,
  claim,
  pass,
  recover,
  ...sends.map(
    (send): Move =>
      (walk, n) =>
        walk.write(n, send),
  ),
];

export function randomWalkContract(bench: Bench): void {
  it('I1, I6, I7, I9, I10: whatever workers do, a job is in one state at a time, settles once, and none is left', async () => {
    const steps = array(tuple(constantFrom(...moves), nat(30)), { minLength: 20, maxLength: 150, size: 'max' });
    const walks = asyncProperty(steps, async (taken) => {
      const own = new Bench(bench.make);
      await own.open();
      const walk = new Walk(own);
      for (const [move, n] of taken) await move(walk, n);
      await finishAll(own);
      await expectConsistent(walk);
      await own.close();
    });
    await assert(walks, { numRuns: 60, seed: 20_261_124 });
  }, 60_000);
}

/** I10: once no worker dies any more, nothing is left to do after a while. */
async function finishAll(bench: Bench): Promise<void> {
  const { engine } = bench;
  for (let found = -1, rounds = 0; found !== 0; rounds++) {
    if (rounds > 50) throw new Error('the queues do not drain');
    await bench.advance(1.5 * lockDuration);
    found = 0;
    for (const queue of [kids, jobs]) {
      await engine.recoverStalled(queue, 1);
      const claimed = await bench.claimUpTo(1_000, queue);
      for (const each of claimed) await engine.complete(each.lease, next(each), undefined, Infinity);
      found += claimed.length;
    }
  }
}

async function expectConsistent({ bench, added, heard }: Walk): Promise<void> {
  for (const queue of [jobs, kids]) await bench.listen(queue).all();
  for (const { queue, id } of added) {
    const job = await bench.engine.get(queue, id);
    const events = heard.filter((each) => each.queue === queue && each.event.jobId === id).map(({ event }) => event);
    if (!job && events.length === 0) continue; // a kid whose write was refused
    expect(job?.state).toMatch(/^(completed|failed)$/);
    expect(stateAfter(events)).toBe(job?.state);
    for (const each of await bench.engine.children(queue, id)) expect(each.status).not.toBe('pending');
  }
}

/** After which states an event may come. */
const follows: Readonly<Record<EngineEvent['type'], readonly (JobState | 'none')[]>> = {
  added: ['none'],
  waiting: ['none', 'active', 'delayed', 'waiting-children'],
  delayed: ['none', 'active'],
  active: ['waiting'],
  'waiting-children': ['active'],
  completed: ['active'],
  failed: ['active'],
  progress: ['active'],
  stalled: ['active'],
  'retries-exhausted': ['failed'],
  duplicated: [],
  removed: [],
  deduplicated: [],
  paused: [],
  resumed: [],
  drained: [],
  cleaned: [],
};

/** What says nothing of the job's state. */
const beside = new Set<string>(['added', 'progress', 'stalled', 'retries-exhausted']);

function stateAfter(events: readonly EngineEvent[]): JobState | 'none' {
  let state: JobState | 'none' = 'none';
  for (const { type } of events) {
    if (!follows[type].includes(state)) throw new Error(`${type} came in the state ${state}`);
    if (!beside.has(type)) state = type as JobState;
  }
  return state;
}
