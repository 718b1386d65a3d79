import { randomBytes } from 'node:crypto';
import { systemClock, type Clock } from '../clock.js';
import type { Engine } from '../engine.js';
import type { RedisConnection } from './connection.js';
import { Link } from './link.js';
import { engineOn } from './store-engine.js';
import { Store } from './store.js';

export interface RedisEngineOptions {
  readonly connection: RedisConnection;
  /** What all keys begin with. Default `bull`. */
  readonly prefix?: string;
  /** What an operator should hear of. Default: the console. */
  readonly warn?: (message: string) => void;
  /** Local time; the engine's own is Redis'. */
  readonly clock?: Clock;
}

/** The engine on Redis, in BullMQ's layout. Connects with the first call. */
export function redisEngine(options: RedisEngineOptions): Engine {
  const { connection, prefix = 'bull', clock = systemClock, warn = (message) => console.warn(message) } = options;
  const link = new Link({ connection, prefix, clock, warn });
  return engineOn(new Store({ link, prefix, clock, process: randomBytes(6).toString('base64url'), warn }));
}
