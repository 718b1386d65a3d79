/** A program of the page in a process of its own: `node seed-process.cjs '<list of SeedConfig as JSON>'`. */
import { appendFileSync } from 'node:fs';
import type { Engine } from 'stepstream';
import { redisEngine } from '../../src/engine/redis/redis-engine.js';
import { boundaryOf, strikeAt } from './boundary.js';
import { runProgram } from './program.js';

export interface SeedConfig {
  readonly name: string;
  /** The store. */
  readonly url: string;
  /** The program, compiled. */
  readonly code: string;
  /** The file to which it appends what its steps do. */
  readonly log: string;
  /** Where it kills itself. */
  readonly boundary?: string;
}

function run({ url, code, log, boundary }: SeedConfig): void {
  const engine = redisEngine({ connection: url, warn: () => {} });
  const connection = boundary === undefined ? engine : mortal(engine, boundary);
  runProgram(code, { connection, does: (stuff) => appendFileSync(log, `${stuff}\n`) });
}

function mortal(engine: Engine, boundary: string): Engine {
  const pass = strikeAt(boundaryOf(boundary), () => process.kill(process.pid, 'SIGKILL'));
  return new Proxy(engine, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => pass(key as keyof Engine, () => Reflect.apply(member, target, args));
    },
  });
}

console.warn = () => {};
process.setMaxListeners(100);
// the parent is gone; the line to it keeps nobody from ending
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
for (const config of JSON.parse(process.argv[2]!) as readonly SeedConfig[]) run(config);
