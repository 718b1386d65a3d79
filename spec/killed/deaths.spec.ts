import { randomOf } from '../support/random.js';
import type { Order } from './orders.js';
import type { Site } from './site.js';
import { judgeAll, type Stage } from './stage.js';
import { useSite } from './use-site.js';
import type { Verdict } from './verdict.js';

jest.setTimeout(60_000);

function ordersOf(count: number): readonly Order[] {
  const order: Order = { work: 5, nap: 20, parcels: 2, extras: 2, collects: false, rounds: 2, items: 2 };
  return Array.from({ length: count }, (_, index) => ({ ...order, collects: index % 2 === 0 }));
}

/** Workers are killed at random moments, and replaced. */
async function killAtRandom(stage: Stage): Promise<void> {
  const random = randomOf(20);
  await stage.add(ordersOf(30));
  for (let count = 0; count < 3; count++) stage.start();
  for (let kill = 1; kill <= 8; kill++) {
    await stage.log.until((_, index) => index >= 100 * kill);
    const alive = stage.workers.filter((worker) => worker.alive);
    void alive[random(alive.length)]!.kill();
    stage.start();
  }
  await stage.drained();
}

/** A worker in the middle of its orders is asked to end. */
async function endInTheMiddle(stage: Stage): Promise<void> {
  await stage.add(ordersOf(3));
  const first = stage.start({ holds: true, grace: 100 });
  let charged = 0;
  await stage.log.until(({ type }) => type === 'effect' && ++charged === 3);
  stage.start();
  await first.close();
  await stage.drained();
}

/** Another takes the wake-up that was meant for a worker, and is gone before it claims. */
async function loseWakeUp(stage: Stage, site: Site): Promise<void> {
  const [control, lost] = [site.connect(), site.connect()];
  const marker = `${stage.prefix}:orders:marker`;
  const wakeUp = lost.bzpopmin(marker, 0);
  stage.start();
  await stage.log.until(({ type }) => type === 'started');
  const name = `name=${stage.prefix}:${Buffer.from('orders').toString('base64')}`;
  const waits = (client: string): boolean => client.includes(name) && client.includes('cmd=bzpopmin');
  while (
    !String(await control.call('CLIENT', 'LIST'))
      .split('\n')
      .some(waits)
  );
  await stage.add(ordersOf(1));
  await wakeUp;
  lost.disconnect();
  await stage.drained();
}

describe('workers that die', () => {
  const site = useSite();
  let random: Verdict;
  let closed: Verdict;
  let woken: Verdict;

  beforeAll(async () => {
    // nobody waits for leases: they last longer than the tests
    const stages = ['random', 'closed', 'woken'].map((name) => site().stage(name, { lockDuration: 600_000 }));
    await Promise.all([killAtRandom(stages[0]!), endInTheMiddle(stages[1]!), loseWakeUp(stages[2]!, site())]);
    [random, closed, woken] = (await judgeAll(site(), stages)) as [Verdict, Verdict, Verdict];
  });

  it('I1, I2, I3, I4, I6, I7, I9, I10: at random moments lose nothing, and repeat an effect at most once per death', () => {
    expect(random.faults).toEqual([]);
    expect(random.figures).toMatchObject({ orders: 30, children: 120, kills: 8 });
  });

  it('W4: put back what they hold when they are asked to end, and others go on at once', () => {
    expect(closed.faults).toEqual([]);
    expect(closed.figures).toMatchObject({ kills: 0, takenOver: 0, repeated: 0 });
  });

  it('I10: take no job with them that they were woken for and have not claimed', () => {
    expect(woken.faults).toEqual([]);
    expect(woken.figures).toMatchObject({ orders: 1, takenOver: 0 });
  });
});
