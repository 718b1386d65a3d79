import { cpus } from 'node:os';
import { concatMap, of, range, throwError, toArray } from 'rxjs';
import {
  checkpointMap,
  createApp,
  goto,
  memoryEngine,
  Processor,
  Step,
  type App,
  type Class,
  type StepJob,
} from 'stepstream';

/** What the embedded engine does through the real runner, on one core. Run by `npm run bench:embedded`. */

@Processor('one', { concurrency: 100 })
class OneStep {
  @Step()
  only(job: StepJob<number>) {
    return of(job.data + 1);
  }
}

@Processor('five', { concurrency: 100 })
class FiveSteps {
  @Step() a(job: StepJob<number>) {
    return of(job.data);
  }
  @Step() b(_job: StepJob<number>, n: number) {
    return of(n + 1);
  }
  @Step() c(_job: StepJob<number>, n: number) {
    return of(n + 1);
  }
  @Step() d(_job: StepJob<number>, n: number) {
    return of(n + 1);
  }
  @Step() e(_job: StepJob<number>, n: number) {
    return of(n + 1);
  }
}

const turns = 100_000;
const heapAtTurn = new Map<number, number>();
const depthAtTurn = new Map<number, number>();

@Processor('loop')
class Loop {
  @Step() turn(_job: StepJob<number>, n: number | undefined) {
    const turn = (n ?? 0) + 1;
    if (turn === 1_000 || turn === turns) {
      heapAtTurn.set(turn, heap());
      Error.stackTraceLimit = Infinity;
      depthAtTurn.set(turn, new Error('depth').stack!.split('\n').length);
      Error.stackTraceLimit = 10;
    }
    return of(turn).pipe(goto((value: number) => (value < turns ? 'turn' : undefined)));
  }
}

let resumedAt = 0;

@Processor('items')
class Items {
  /** Fails once at the last item, so that the second attempt finds all others saved. */
  @Step({ attempts: 2 })
  all(job: StepJob<number>) {
    if (job.attemptsMade === 1) resumedAt = performance.now();
    return range(0, job.data).pipe(
      checkpointMap((item) => {
        const isLast = item === job.data - 1;
        return isLast && job.attemptsMade === 0 ? throwError(() => new Error('once')) : of(item);
      }),
      toArray(),
      concatMap((all) => of(all.length)),
    );
  }
}

async function drain(app: App, processor: Class, start = true): Promise<number> {
  const drained = new Promise<void>((resolve) => void app.worker(processor).once('drained', () => resolve()));
  const begun = performance.now();
  if (start) await app.start();
  await drained;
  return performance.now() - begun;
}

async function add(app: App, queue: string, jobs: number, opts: object = {}): Promise<void> {
  for (let at = 0; at < jobs; at += 1_000) {
    await app.queue(queue).addBulk(Array.from({ length: 1_000 }, (_, n) => ({ name: 'job', data: at + n, opts })));
  }
}

/** Runs per second, the best of some rounds' median. */
async function rate(processor: Class, queue: string, jobs: number, perJob: number): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round < 7; round++) {
    const app = createApp({ processors: [processor] });
    await add(app, queue, jobs);
    gc();
    rates.push((jobs * perJob * 1_000) / (await drain(app, processor)));
    await app.close();
  }
  return rates.toSorted((a, b) => a - b)[3]!;
}

async function resumeCost(items: number): Promise<number> {
  const costs: number[] = [];
  const app = createApp({ processors: [Items] });
  await app.start();
  for (let round = 0; round < 31; round++) {
    const job = await app.queue<number>('items').add('job', items);
    await job.result();
    costs.push(((performance.now() - resumedAt) * 1_000) / items);
  }
  await app.close();
  return costs.toSorted((a, b) => a - b)[15]!;
}

async function delayedAtRest(jobs: number): Promise<number> {
  const engine = memoryEngine();
  const app = createApp({ connection: engine });
  const before = heap();
  await add(app, 'rest', jobs, { delay: 86_400_000 });
  const mebibytes = (heap() - before) / 2 ** 20;
  await app.close();
  await engine.close();
  return mebibytes;
}

async function heapOverAMillion(): Promise<readonly [at100k: number, at1M: number]> {
  const app = createApp({ processors: [OneStep] });
  await app.start();
  let at100k = 0;
  for (let done = 0; done < 1_000_000; done += 10_000) {
    const drained = drain(app, OneStep, false);
    await add(app, 'one', 10_000, { removeOnComplete: true });
    await drained;
    if (done === 90_000) at100k = heap();
  }
  const at1M = heap();
  await app.close();
  return [at100k, at1M];
}

function gc(): void {
  globalThis.gc?.();
}

function heap(): number {
  gc();
  return process.memoryUsage().heapUsed;
}

const count = (value: number): string => Math.round(value).toLocaleString('en');
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const row = (what: string, figure: string, goal: string): void => console.log(`| ${what} | ${figure} | ${goal} |`);

console.log(`Node ${process.version}, ${cpus()[0]?.model.trim()}, ${cpus().length} cores; medians of 7 rounds\n`);
row('workload', 'figure', 'to reach');
row('---', '---', '---');
row('one-step jobs', `${count(await rate(OneStep, 'one', 50_000, 1))} jobs/s`, '50,000');
row('jobs of five steps', `${count(await rate(FiveSteps, 'five', 20_000, 5))} checkpoints/s`, '100,000');

const looping = createApp({ processors: [Loop] });
await looping.start();
const begun = performance.now();
const job = await looping.queue<number>('loop').add('job', 0);
await job.result();
const perSecond = count((turns * 1_000) / (performance.now() - begun));
await looping.close();
row(`${count(turns)} turns of a goto loop`, `${perSecond} turns/s`, '');
row(
  '… heap at turn 1,000 and at the last',
  [1_000, turns].map((turn) => mib(heapAtTurn.get(turn)!)).join(', '),
  'flat',
);
row(
  '… stack frames at turn 1,000 and at the last',
  [1_000, turns].map((turn) => depthAtTurn.get(turn)).join(', '),
  'flat',
);

const [few, many] = [await resumeCost(10), await resumeCost(1_000)];
row('resuming at the last of 10 saved items', `${few.toFixed(1)} µs per item`, '');
row('resuming at the last of 1,000 saved items', `${many.toFixed(1)} µs per item`, 'the same');
row('100,000 delayed jobs at rest', `${(await delayedAtRest(100_000)).toFixed(0)} MiB`, '≤ 100 MB');
const [at100k, at1M] = await heapOverAMillion();
const drift = `${(((at1M - at100k) / at100k) * 100).toFixed(1)} %`;
row('heap after 100,000 and 1,000,000 jobs, none kept', `${mib(at100k)}, ${mib(at1M)}: ${drift}`, '±5 %');
