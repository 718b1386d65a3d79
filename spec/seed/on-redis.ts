import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filter, firstValueFrom } from 'rxjs';
import { Queue, type Engine, type Job, type Worker } from 'stepstream';
import { redisEngine } from '../../src/engine/redis/redis-engine.js';
import { WorkerProcess } from '../killed/worker-process.js';
import { startRedis } from '../support/redis-server.js';
import { whileWaiting } from './boundary.js';
import { compiled, queueOf, type ProgramName } from './page.js';
import { lookAt, workOnChildren, type Played } from './played.js';
import type { SeedConfig } from './seed-process.js';

/**
 * Runs a program once for each boundary, in a database of its own, at which its process is really killed, and goes on in
 * another; without a boundary in the other alone.
 */
export async function playOnRedis(
  program: ProgramName,
  boundaries: readonly (string | undefined)[],
): Promise<readonly Played[]> {
  const redis = await startRedis(['--databases', String(boundaries.length)]);
  const bundle = bundled(redis.dir);
  const code = compiled(program);
  const processes: WorkerProcess[] = [];
  const start = (configs: readonly SeedConfig[]): WorkerProcess => {
    const started = new WorkerProcess(bundle, configs);
    processes.push(started);
    return started;
  };
  const plays = boundaries.map((boundary, index) => {
    const log = join(redis.dir, `${index}.log`);
    return new Play({ name: `play ${index}`, url: `${redis.url}/${index}`, code, log, ...(boundary && { boundary }) });
  });
  try {
    await Promise.all(plays.map((play) => play.begin(queueOf(program), start)));
    start(plays.map(({ config: { boundary: _boundary, ...config } }) => config));
    return await Promise.all(plays.map((play) => play.end()));
  } finally {
    await Promise.all(processes.map((each) => each.kill()));
    await Promise.all(plays.map((play) => play.close()));
    await redis.stop();
  }
}

/** The program of the processes as one file, so that one starts soon. */
function bundled(folder: string): string {
  const path = join(folder, 'seed-process.cjs');
  const options = ['--bundle', '--platform=node', '--format=cjs', '--keep-names', '--log-level=warning'];
  execFileSync('node_modules/.bin/esbuild', ['spec/seed/seed-process.ts', `--outfile=${path}`, ...options]);
  return path;
}

class Play {
  readonly config: SeedConfig;
  readonly #engine: Engine;
  readonly #children: Worker[] = [];
  #job!: Job;

  constructor(config: SeedConfig) {
    this.config = config;
    this.#engine = redisEngine({ connection: config.url });
    writeFileSync(config.log, '');
  }

  /** Adds a job that begins with the first step. Resolves when the process is killed. */
  async begin(queue: string, start: (configs: readonly SeedConfig[]) => WorkerProcess): Promise<void> {
    this.#job = await new Queue(queue, { connection: this.#engine }).add('job', { step: 0 });
    const { boundary, ...config } = this.config;
    const waits = firstValueFrom(
      this.#job.events$.pipe(filter(({ type }) => type === 'waiting-children' || type === 'completed')),
    );
    const first = boundary === undefined ? undefined : start([boundary === whileWaiting ? config : this.config]);
    if (boundary === whileWaiting) void waits.then(() => first!.kill());
    const childrenMayRun =
      boundary === whileWaiting ? first!.ended : Promise.race([waits, ...(first ? [first.ended] : [])]);
    void childrenMayRun.then(() => this.#children.push(...workOnChildren(this.#engine)));
    if (!first) return;
    await first.ended;
    appendFileSync(this.config.log, '|\n');
  }

  async end(): Promise<Played> {
    await this.#job.result().catch(() => {}); // it is looked at, whatever has become of it
    const calls = readFileSync(this.config.log, 'utf8').trim().split('\n');
    return lookAt(this.#engine, this.#job, calls);
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((worker) => worker.close()));
    await this.#engine.close();
  }
}
