/**
 * Workers killed, stopped, ended and cut off at random over thousands of jobs, and what has become of these.
 *
 *   npm run campaign                                          # some two minutes
 *   npm run campaign -- --orders 3000 --rate 10 --seed 7
 *
 * `--orders`: how many, each with four children; `--rate`: how many of them a second; `--every`: milliseconds between two faults,
 * on average. It prints a table, and each fault that was found, and fails when there is one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { randomOf } from '../support/random.js';
import { startProxy } from '../support/redis-proxy.js';
import type { Boundary, CallKind } from './boundary.js';
import type { Order } from './orders.js';
import { reportOf } from './report.js';
import { Site } from './site.js';
import type { Stage, WorkerOptions } from './stage.js';
import type { Verdict } from './verdict.js';
import type { WorkerProcess } from './worker-process.js';

const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '600' },
    rate: { type: 'string', default: '10' },
    every: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});
const orders = Number(values.orders);
const rate = Number(values.rate);
const every = Number(values.every);
const random = randomOf(Number(values.seed));
const oneOf = <T>(list: readonly T[]): T => list[random(list.length)]!;

const workers = 4;
const lockDuration = 10_000;

/** After the last fault, a lease, the look for the jobs of the dead, and what is left to be done. */
const longestDrain = 60_000;

const kinds: readonly CallKind[] = [
  'claim',
  'renew',
  'recoverStalled',
  'children',
  'checkpoint',
  'addChildren',
  'moveToDelayed',
  'moveToWaitingChildren',
  'awaitChildren',
  'complete',
  'fail',
];

const anOrder = (): Order => ({
  work: random(100),
  nap: 10 + random(1_500),
  parcels: 2,
  extras: 2,
  collects: random(2) === 0,
  rounds: 1 + random(3),
  items: 1 + random(3),
});

const mortal = (): WorkerOptions => {
  const boundary: Boundary = {
    kind: oneOf(kinds),
    nth: 1 + random(30),
    when: oneOf(['before', 'after']),
    signal: 'SIGKILL',
  };
  return random(2) === 0 ? { boundary } : {};
};

/** Adds orders, and disturbs those who work on them until all are there; then they must drain. */
async function play(
  stage: Stage,
  count: number,
  disturb: () => Promise<void>,
  { worker = () => ({}), pause = every }: { readonly worker?: () => WorkerOptions; readonly pause?: number } = {},
): Promise<Verdict> {
  const now = { added: 0, over: false };
  async function add(): Promise<void> {
    for (; now.added < count; now.added += rate) {
      await stage.add(Array.from({ length: Math.min(rate, count - now.added) }, anOrder));
      await sleep(1_000);
    }
  }
  async function trouble(): Promise<void> {
    while (now.added < count) {
      await sleep(random(2 * pause));
      await disturb();
    }
  }
  async function replace(): Promise<void> {
    for (; !now.over; await sleep(50)) {
      const alive = stage.workers.filter((each) => each.alive).length;
      for (let missing = workers - alive; missing > 0; missing--) stage.start(worker());
    }
  }
  const replacing = replace();
  await Promise.all([add(), trouble()]);
  const drained = await Promise.race([stage.drained().then(() => true), sleep(longestDrain, false)]);
  now.over = true;
  await replacing;
  const verdict = await stage.judged();
  return drained ? verdict : { ...verdict, faults: ['I10: it has not drained', ...verdict.faults] };
}

/** Workers die, at random moments and at random calls, are stopped for longer than their leases, and are asked to end. */
async function deaths(): Promise<Verdict> {
  const site = await Site.open();
  const stage = site.stage('deaths', { lockDuration, concurrency: 5 });
  let frozen: WorkerProcess | undefined;
  async function freeze(worker: WorkerProcess): Promise<void> {
    frozen = worker;
    worker.freeze();
    await sleep(1.3 * lockDuration);
    worker.thaw();
    frozen = undefined;
  }
  const disturb = async (): Promise<void> => {
    const running = stage.workers.filter((worker) => worker.alive && worker !== frozen);
    if (running.length === 0) return;
    const worker = oneOf(running);
    const dice = random(12);
    if (dice === 0 && !frozen && worker.frozenAt === undefined) void freeze(worker);
    else if (dice < 3) void worker.close();
    else void worker.kill();
  };
  const verdict = await play(stage, orders, disturb, { worker: mortal });
  await site.close();
  return verdict;
}

/** One dies, now and then, and the others live: how long do its jobs wait? */
async function singleDeaths(): Promise<Verdict> {
  const site = await Site.open();
  const stage = site.stage('single', { lockDuration, concurrency: 5 });
  const disturb = async (): Promise<void> => void oneOf(stage.workers.filter(({ alive }) => alive)).kill();
  const verdict = await play(stage, orders / 4, disturb, { pause: 8 * every });
  await site.close();
  return verdict;
}

/** Connections break, with or without replies that were under way. */
async function brokenLines(): Promise<Verdict> {
  const site = await Site.open();
  const proxy = await startProxy(site.redis.port);
  const stage = site.stage('lines', { lockDuration, concurrency: 5, url: proxy.url });
  const verdict = await play(stage, orders / 4, async () => {
    if (random(2) === 0) {
      proxy.let('no replies');
      await proxy.swallowed();
    }
    proxy.cut();
    proxy.let('all');
    await stage.connected(workers);
  });
  await proxy.close();
  await site.close();
  return verdict;
}

/** The store is killed and restarted. */
async function restarts(): Promise<Verdict> {
  const site = await Site.open({ redis: ['--appendfsync', 'always'] });
  const stage = site.stage('restarts', { lockDuration, concurrency: 5 });
  const verdict = await play(stage, orders / 8, async () => {
    await site.redis.restart();
    await stage.connected(workers);
  });
  await site.close();
  return verdict;
}

/** All of it at once. */
async function everything(): Promise<Verdict> {
  const site = await Site.open({ redis: ['--appendfsync', 'always'] });
  const proxy = await startProxy(site.redis.port);
  const stage = site.stage('everything', { lockDuration, concurrency: 5, url: proxy.url });
  const kill = async (): Promise<void> => void oneOf(stage.workers.filter(({ alive }) => alive)).kill();
  const cut = async (): Promise<void> => proxy.cut();
  const restart = (): Promise<void> => site.redis.restart();
  const verdict = await play(stage, orders / 8, async () => {
    const spared = oneOf([kill, cut, restart]);
    await Promise.all([kill, cut, restart].filter((each) => each !== spared).map((each) => each()));
    await stage.connected(workers);
  });
  await proxy.close();
  await site.close();
  return verdict;
}

const acts = {
  'workers die': await deaths(),
  'one dies': await singleDeaths(),
  'lines break': await brokenLines(),
  'the store restarts': await restarts(),
  'all at once': await everything(),
};
console.log(reportOf(acts));
if (Object.values(acts).some(({ faults }) => faults.length > 0)) process.exitCode = 1;
