import type { Boundary, CallKind } from './boundary.js';
import type { Order } from './orders.js';
import type { Stage } from './stage.js';
import { useSite } from './use-site.js';
import type { Verdict } from './verdict.js';

jest.setTimeout(60_000);

const order: Order = { work: 0, nap: 20, parcels: 2, extras: 2, collects: false, rounds: 1, items: 1 };

/** Leases last until the test has them run out. */
const lockDuration = 600_000;

/** The check that a write is made by the one who holds the job. */
const ownershipCheck = /if .* ~= write\.token then return \S*refused\(write\) end/;

/**
 * The first worker stops when it is about to send a write, until its lease has run out and a second one has come as far with
 * the same job; then it goes on, and sends it.
 */
async function writeLate(stage: Stage, kind: CallKind): Promise<Verdict> {
  const boundary: Boundary = { kind, nth: 1, when: 'before', signal: 'SIGSTOP' };
  await stage.add([order]);
  const first = stage.start({ boundary });
  await stage.log.until(({ type, worker }) => type === 'boundary' && worker === first.name);
  await stage.expireLeases();
  const second = stage.start({ boundary });
  await stage.log.until(({ type, worker }) => type === 'boundary' && worker === second.name);
  const before = stage.log.read().length;
  first.thaw();
  // a refusal, or what it goes on with when there is none
  await stage.log.until(({ worker }, index) => worker === first.name && index >= before);
  second.thaw();
  await stage.drained();
  return stage.judged();
}

/** The first worker stops with the answer to its first write, until its lease has run out and another has finished the order. */
async function hearLate(stage: Stage): Promise<Verdict> {
  await stage.add([order]);
  const boundary: Boundary = { kind: 'checkpoint', nth: 1, when: 'after', signal: 'SIGSTOP' };
  const first = stage.start({ lockDuration: 3_000, boundary });
  await stage.log.until(({ type }) => type === 'boundary');
  stage.start();
  await stage.drained();
  first.thaw();
  return stage.judged();
}

describe('a worker that is stopped for longer than its lease, and then goes on', () => {
  const kinds = ['checkpoint', 'moveToDelayed', 'addChildren', 'fail', 'complete'] as const;
  const site = useSite();
  const unguardedSite = useSite({ without: ownershipCheck });
  let late: readonly Verdict[];
  let unguarded: Verdict;
  let deaf: Verdict;

  beforeAll(async () => {
    [late, unguarded, deaf] = await Promise.all([
      Promise.all(kinds.map((kind) => writeLate(site().stage(kind, { lockDuration }), kind))),
      writeLate(unguardedSite().stage('late', { lockDuration }), 'moveToDelayed'),
      hearLate(site().stage('deaf')),
    ]);
  });

  it.each(kinds)('I5, W1: has its late write refused, a %s', (kind) => {
    const { faults, figures } = late[kinds.indexOf(kind)]!;
    expect(faults).toEqual([]);
    expect(figures.freezes).toBe(2);
    expect(figures.refused).toBeGreaterThan(0);
  });

  it('I5: would write into the job of another, if scripts did not check who holds it', () => {
    expect(unguarded.faults).toContain('I5: write 2 of orders:1 by late-1 while late-2 held it');
  });

  it('W2: does nothing more for a job that another has finished meanwhile', () => {
    expect(deaf.faults).toEqual([]);
    expect(deaf.figures).toMatchObject({ freezes: 1, takenOver: 1, repeated: 0 });
  });
});
