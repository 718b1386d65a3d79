import { array, assert, asyncProperty, constantFrom, nat, tuple } from 'fast-check';
import type { Claimed } from '../../src/engine/engine.js';
import type { EngineEvent, JobState } from '../../src/engine/records.js';
import { LeaseLostError } from '../../src/errors.js';
import { Bench, child, failure, jobs, kids, lockDuration, next, outcome } from './bench.js';

type Move = readonly [name: string, play: (walk: Walk, n: number) => Promise<void>];

/** What some workers do to a store, in any order, dying now and then; and what must hold whatever they do. */
class Walk {
  readonly bench: Bench;
  /** Activations that have not ended as far as their workers know; stale ones stay in it. */
  readonly active: Claimed[] = [];
  readonly added: { readonly queue: string; readonly id: string }[] = [];
  readonly heard: EngineEvent[] = [];
  #kids = 0;

  constructor(bench: Bench) {
    this.bench = bench;
    for (const queue of [jobs, kids])
      bench.engine.events(queue, (event) => void this.heard.push({ ...event, jobId: `${queue}/${event.jobId}` }));
  }

  async add(n: number): Promise<void> {
    const id = await this.bench.add({
      priority: n % 3,
      ...(n % 4 === 0 && { delay: 700 }),
      ...(n % 5 === 0 && { lifo: true }),
    });
    this.added.push({ queue: jobs, id });
  }

  async claim(n: number): Promise<void> {
    this.active.push(...(await this.bench.claimUpTo(1 + (n % 3), n % 2 === 0 ? jobs : kids)));
  }

  /** Writes with some activation, which may be stale: then the store must refuse it. */
  async write(n: number, send: (claimed: Claimed, seq: number) => Promise<unknown>): Promise<void> {
    const claimed = this.active[n % (this.active.length || 1)];
    if (!claimed) return;
    const { queue, jobId, token } = claimed.lease;
    const seq = (await this.bench.job(jobId, queue)).checkpoint?.seq ?? 0;
    try {
      await send(claimed, seq + 1);
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
      this.active.splice(this.active.indexOf(claimed), 1);
      return;
    }
    if ((await this.bench.engine.renew([claimed.lease], lockDuration)).length > 0) {
      this.active.splice(
        this.active.findIndex((each) => each.lease.token === token),
        1,
      );
    }
  }

  newKids(parent: string, n: number): ReturnType<typeof child>[] {
    const policies = ['continue', 'ignore', 'fail'] as const;
    const made = Array.from({ length: 1 + (n % 2) }, (_, index) =>
      child(parent, `kid-${this.#kids++}`, policies[(n + index) % 3], `gate-${n % 2}`),
    );
    for (const { opts } of made) this.added.push({ queue: kids, id: opts.jobId! });
    return made;
  }
}

const moves: readonly Move[] = [
  ['add', (walk, n) => walk.add(n)],
  ['claim', (walk, n) => walk.claim(n)],
  ['claim', (walk, n) => walk.claim(n)],
  ['advance', (walk, n) => walk.bench.advance(100 + 100 * (n % 8))],
  ['recover', async (walk, n) => void (await walk.bench.engine.recoverStalled(n % 2 === 0 ? jobs : kids, 1))],
  [
    'checkpoint',
    (walk, n) =>
      walk.write(n, async ({ lease }, seq) => {
        const isParent = lease.queue === jobs && n % 2 === 0;
        const write = { seq, cursor: 'c', ...(isParent && { children: walk.newKids(lease.jobId, n) }) };
        await walk.bench.engine.checkpoint(lease, write);
      }),
  ],
  [
    'park',
    (walk, n) =>
      walk.write(n, async ({ lease }, seq) => {
        const { engine } = walk.bench;
        const due = engine.clock.now() + 500;
        const waiting = [{ groups: ['gate-0'] }, { groups: ['gate-1'], due }, { all: { failuresSeen: n % 2 } }][n % 3]!;
        await engine.moveToWaitingChildren(lease, { seq, cursor: 'p' }, waiting);
      }),
  ],
  [
    'delay',
    (walk, n) =>
      walk.write(n, async ({ lease }, seq) => {
        const { engine } = walk.bench;
        await engine.moveToDelayed(lease, { seq, cursor: 'd' }, engine.clock.now() + 100 * (n % 9) - 100);
      }),
  ],
  [
    'complete',
    (walk, n) =>
      walk.write(
        n,
        async ({ lease }, seq) => void (await walk.bench.engine.complete(lease, { seq, cursor: 'e' }, '1', n % 2)),
      ),
  ],
  [
    'fail',
    (walk, n) =>
      walk.write(n, async ({ lease }, seq) => {
        const { engine } = walk.bench;
        await engine.fail(
          lease,
          { seq, cursor: 'f' },
          failure(),
          n % 3 === 0 ? undefined : engine.clock.now() + 100 * (n % 4),
        );
      }),
  ],
  [
    'release',
    (walk, n) => walk.write(n, async ({ lease }, seq) => walk.bench.engine.release(lease, { seq, cursor: 'r' })),
  ],
];

/** Which events may come in which state, and the state they lead to. */
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
  duplicated: [],
  removed: [],
};

export function randomWalkContract(bench: Bench): void {
  /** Plays the moves, then lets everybody finish. */
  const walkThrough = async (steps: readonly (readonly [move: Move, n: number])[]): Promise<void> => {
    const own = new Bench(bench.make);
    await own.open();
    const walk = new Walk(own);
    for (const [[, play], n] of steps) await play(walk, n);
    await expectDrains(own);
    await expectConsistent(walk);
    await own.close();
  };

  it('I1, I6, I7, I9, I10: whatever workers do, each job is in one state at a time, settles once, and none is left over', async () => {
    const step = tuple(constantFrom(...moves), nat(20));
    await assert(asyncProperty(array(step, { maxLength: 120, size: 'max' }), walkThrough), { numRuns: 60 });
  }, 60_000);
}

/** I10: once no worker dies any more, all jobs finish. */
async function expectDrains(bench: Bench): Promise<void> {
  const { engine } = bench;
  for (let round = 0; round < 50; round++) {
    await bench.advance(1.5 * lockDuration);
    let found = 0;
    for (const queue of [kids, jobs]) {
      await engine.recoverStalled(queue, 1);
      for (const claimed of await bench.claimUpTo(1_000, queue)) {
        found++;
        await outcome(() => engine.complete(claimed.lease, next(claimed), undefined, Infinity));
      }
    }
    if (found === 0) return;
  }
  throw new Error('the queues have not drained');
}

async function expectConsistent({ bench, added, heard }: Walk): Promise<void> {
  // one more event of each queue comes after all others
  for (const queue of [jobs, kids]) await bench.listen(queue).all();
  for (const { queue, id } of added) {
    const job = await bench.engine.get(queue, id);
    // a kid whose write was refused was never added
    if (!job && queue === kids) continue;
    expect(job).toMatchObject({ state: expect.stringMatching(/^(completed|failed)$/), finishedOn: expect.any(Number) });
    expect(stateAfter(heard.filter((event) => event.jobId === `${queue}/${id}`))).toBe(job!.state);
    for (const each of await bench.engine.children(queue, id)) expect(each.status).not.toBe('pending');
  }
}

function stateAfter(events: readonly EngineEvent[]): JobState | 'none' {
  let state: JobState | 'none' = 'none';
  for (const { type } of events) {
    if (!follows[type].includes(state)) throw new Error(`${type} came in state ${state}`);
    if (type !== 'added' && type !== 'progress' && type !== 'stalled') state = type as JobState;
  }
  return state;
}
