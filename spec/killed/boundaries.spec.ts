import type { Boundary, CallKind } from './boundary.js';
import type { Order } from './orders.js';
import { judgeAll, startOnAll, type Stage, type WorkerOptions } from './stage.js';
import { useSite } from './use-site.js';
import type { Verdict } from './verdict.js';

jest.setTimeout(60_000);

const order: Order = { work: 0, nap: 20, parcels: 2, extras: 2, collects: true, rounds: 2, items: 2 };

/** Longer than the tests last: what is taken over before is so because its worker's connection is gone. */
const lockDuration = 600_000;

/** A process is killed at a boundary, and another finishes what it had. */
interface Case {
  readonly kind: CallKind;
  readonly when: Boundary['when'];
  readonly nth?: number;
  readonly order?: Order;
  readonly worker?: WorkerOptions;
  /** Starts it, with what must happen before and while it runs. */
  readonly play?: (stage: Stage, start: () => ReturnType<Stage['start']>) => Promise<void>;
}

const both = (kind: CallKind, more: Omit<Case, 'kind' | 'when'> = {}): readonly Case[] => [
  { kind, when: 'before', ...more },
  { kind, when: 'after', ...more },
];

const cases: readonly Case[] = [
  { kind: 'claim', when: 'before', nth: 6 },
  { kind: 'claim', when: 'after' },
  ...both('checkpoint'),
  ...both('checkpoint', { nth: 5 }),
  ...both('moveToDelayed'),
  ...both('addChildren'),
  ...both('awaitChildren'),
  { kind: 'children', when: 'after' },
  { kind: 'moveToWaitingChildren', when: 'after' },
  ...both('fail'),
  ...both('complete'),
  ...both('complete', { nth: 5, order: { ...order, collects: false } }), // parks: some of its children aren't done
  ...both('renew', { worker: { holds: true, lockDuration: 10_000 } }),
  ...both('release', {
    worker: { holds: true, grace: 100 },
    async play(stage, start) {
      const worker = start();
      await stage.log.until(({ type }) => type === 'effect');
      void worker.close();
    },
  }),
  {
    kind: 'recoverStalled',
    when: 'after',
    async play(stage, start) {
      const boundary: Boundary = { kind: 'checkpoint', nth: 1, when: 'before', signal: 'SIGKILL' };
      await stage.start({ boundary }).ended;
      await stage.expireLeases();
      start();
    },
  },
];

describe('a worker that is killed', () => {
  const site = useSite();
  let verdicts: readonly Verdict[];

  beforeAll(async () => {
    const stages = await Promise.all(
      cases.map(async ({ kind, when, nth = 1, worker, play, ...one }, index) => {
        const stage = site().stage(`case-${index}`, { lockDuration });
        await stage.add([one.order ?? order]);
        const start = () => stage.start({ ...worker, boundary: { kind, when, nth, signal: 'SIGKILL' } });
        if (play) await play(stage, start);
        else start();
        await Promise.all(stage.workers.map(({ ended }) => ended));
        return stage;
      }),
    );
    startOnAll(site(), stages);
    await Promise.all(stages.map((stage) => stage.drained()));
    verdicts = await judgeAll(site(), stages);
  });

  it.each(cases.map((one, index) => ({ ...one, index })))(
    'I1, I2, I3, I4, I6, I7, I9, I10: at the call of $kind, $when the store has it, loses nothing and repeats no finished step',
    ({ kind, index }) => {
      const { faults, figures } = verdicts[index]!;
      expect(faults).toEqual([]);
      expect(figures.kills).toBe(kind === 'recoverStalled' ? 2 : 1);
    },
  );

  it('W3: is known by its connection: its jobs are taken over long before its leases run out', () => {
    // but where leases end sooner: by themselves, or as the test has it
    const kept = verdicts.filter((_, index) => {
      const { kind, worker } = cases[index]!;
      return worker?.lockDuration === undefined && kind !== 'recoverStalled';
    });
    const takenOver = kept.flatMap(({ figures }) => figures.takenOver);
    expect(Math.max(...takenOver)).toBeGreaterThan(0);
    expect(kept.flatMap(({ figures }) => figures.takenOverByConnection)).toEqual(takenOver);
  });
});
