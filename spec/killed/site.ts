import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis, type TestRedis } from '../support/redis-server.js';
import { journalArguments } from './journal.js';
import { Stage, type WorkerOptions } from './stage.js';
import { WorkerProcess } from './worker-process.js';
import type { WorkerConfig } from './worker-program.js';

export interface SiteOptions {
  /** Arguments of the redis-server. */
  readonly redis?: readonly string[];
  /** What is cut out of the program: a guard, to see that it is missed. */
  readonly without?: RegExp;
}

/** A store that keeps a journal, and a program for its workers. */
export class Site {
  readonly redis: TestRedis;
  readonly #program: string;
  readonly #workers: WorkerProcess[] = [];
  readonly #connections: Redis[] = [];
  #closed = false;

  private constructor(redis: TestRedis, program: string) {
    this.redis = redis;
    this.#program = program;
    process.once('exit', this.#endWorkers);
  }

  static async open({ redis: redisArguments = [], without }: SiteOptions = {}): Promise<Site> {
    const program = without ? cutOut(bundled(), without) : bundled();
    const redis = await startRedis([...journalArguments, ...redisArguments]);
    const path = join(redis.dir, 'worker-program.cjs');
    writeFileSync(path, program);
    return new Site(redis, path);
  }

  /** @param defaults options of all workers that are started on it */
  stage(name: string, defaults: WorkerOptions = {}): Stage {
    return new Stage(this, name, defaults);
  }

  start(configs: readonly WorkerConfig[]): WorkerProcess {
    this.#refuseClosed();
    const worker = new WorkerProcess(this.#program, configs);
    this.#workers.push(worker);
    return worker;
  }

  /** A connection of the test's own. */
  connect(): Redis {
    this.#refuseClosed();
    const redis = new Redis(this.redis.url, { disconnectTimeout: 1 });
    redis.on('error', () => {}); // the server may be restarted meanwhile
    this.#connections.push(redis);
    return redis;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const redis of this.#connections) redis.disconnect();
    await Promise.all(this.#endWorkers());
    process.removeListener('exit', this.#endWorkers);
    await this.redis.stop();
  }

  /** A test that took too long goes on in the background: what it starts now nobody would end. */
  #refuseClosed(): void {
    if (this.#closed) throw new Error('the site is closed');
  }

  /** When this process fails, too: one that is stopped wouldn't notice. */
  readonly #endWorkers = (): readonly Promise<unknown>[] => this.#workers.map((worker) => worker.kill());
}

/** The worker program as one file, so that a process starts soon. */
function bundled(): string {
  const options = ['--bundle', '--platform=node', '--format=cjs', '--keep-names', '--log-level=warning'];
  const largest = { encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
  return execFileSync('node_modules/.bin/esbuild', ['spec/killed/worker-program.ts', ...options], largest);
}

function cutOut(program: string, what: RegExp): string {
  const parts = program.split(what);
  if (parts.length !== 2) throw new Error(`the program has it ${parts.length - 1} times, not once: ${what.source}`);
  return parts.join('');
}
