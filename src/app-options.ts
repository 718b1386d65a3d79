import type { Codec } from './engine/codec.js';
import type { Engine } from './engine/engine.js';
import { memoryEngine } from './engine/memory/memory-engine.js';
import { nameRule } from './engine/names.js';
import { isRedisConnection, type RedisConnection } from './engine/redis/connection.js';
import { redisEngine } from './engine/redis/redis-engine.js';
import { ConfigurationError, type Fault } from './errors.js';
import { optionFaults, type OptionRules } from './job/options.js';
import type { Resolver } from './resolver.js';
import { milliseconds } from './steps/duration.js';
import type { Class } from './steps/metadata.js';
import { isDuration } from './steps/plan-faults.js';
import { planQueues, type QueuePlan } from './steps/queue-plan.js';
import type { Logger } from './worker/logger.js';

/** Options of `createApp`. */
export interface AppOptions {
  /** The classes whose jobs this app runs. Default none: an app that only adds jobs. */
  readonly processors?: readonly Class[];
  /**
   * Where jobs are kept: Redis 7.0 or newer (Valkey 7.2), by a `redis://` or `rediss://` URL, ioredis' options (Sentinel too),
   * `{ cluster: [nodes] }` with a `{hash tag}` in the prefix, or an instance of ioredis, of which others are made: it is itself
   * neither used nor closed. Or an engine. It is connected to with the first call, which rejects with `StoreUnavailableError`
   * after 5 s without it. Default: an embedded engine of the app's own, gone with the process.
   *
   * @example
   * ```ts
   * createApp({ connection: { host: 'redis', password, tls: {} } });
   * ```
   */
  readonly connection?: RedisConnection | Engine | undefined;
  /**
   * Makes the processors' instances. Default: tsyringe's container. A container of tsyringe that is given here also
   * injects the app's queues into what it makes itself, until the app is closed.
   */
  readonly resolver?: Resolver;
  /** What all keys in Redis begin with, and part of every idempotency key. Default `bull`. */
  readonly prefix?: string;
  /** How values become text. Default JSON. */
  readonly codec?: Codec;
  /** Default: the console. */
  readonly logger?: Logger;
}

/** Options of `app.close`. */
export interface CloseOptions {
  /** Longest time for running jobs to come to their next durable write: milliseconds, or text. Default 10 s. */
  readonly grace?: number | string;
}

/**
 * The plans of the app's workers.
 *
 * @throws ConfigurationError with every fault of the options and of the processors' declarations
 */
export function plansOf(options: AppOptions): readonly QueuePlan[] {
  const faults: Fault[] = [...optionFaults(options, appOptionRules, 'createApp')];
  const processors = Array.isArray(options?.processors) ? options.processors : [];
  const plans = planQueues(processors, faults);
  if (faults.length > 0) throw new ConfigurationError('The app has mistakes:', faults);
  return plans;
}

/** The grace of a close, in milliseconds. @throws ConfigurationError */
export function graceOf(options: CloseOptions): number {
  const faults = optionFaults(options, closeOptionRules, 'close');
  if (faults.length > 0) throw new ConfigurationError('The app was not closed:', faults);
  return milliseconds(options.grace ?? 10_000);
}

/** The engine on which the app's jobs are kept, and whether it is the app's own to close. */
export function engineOf(options: AppOptions, logger: Logger): { readonly engine: Engine; readonly own: boolean } {
  const { connection, prefix } = options;
  if (isEngine(connection)) return { engine: connection, own: false };
  if (connection === undefined) return { engine: memoryEngine(), own: true };
  const warn = (message: string): void => {
    try {
      logger.warn(message);
    } catch {
      // a logger that throws has nobody left to tell
    }
  };
  return { engine: redisEngine({ connection, warn, ...(prefix !== undefined && { prefix }) }), own: true };
}

function isEngine(value: unknown): value is Engine {
  return hasMethods(value, 'claim', 'checkpoint');
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

/** It may hold one `{hash tag}`, which keeps its keys on one node of a cluster. */
function isPrefix(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length <= 128 &&
    /^[\w.\-/#]*(\{[\w.\-/#]+\}[\w.\-/#]*)?$/.test(value) &&
    value !== ''
  );
}

const appOptionRules: OptionRules<AppOptions> = {
  processors: { test: Array.isArray, expects: 'a list of classes' },
  connection: {
    test: (value) => isEngine(value) || isRedisConnection(value),
    expects:
      "a redis:// or rediss:// URL, ioredis' options or instance, { cluster: [nodes] }, or an engine; leave it out for the embedded one",
  },
  resolver: {
    test: (value) => hasMethods(value, 'get') || hasMethods(value, 'resolve'),
    expects: 'a container with get(class) or resolve(class)',
  },
  prefix: { test: isPrefix, expects: `a name, which may hold one {hash tag}; ${nameRule}` },
  codec: {
    test: (value) => hasMethods(value, 'encode', 'decode'),
    expects: 'a codec with encode(value) and decode(payload)',
  },
  logger: {
    test: (value) => hasMethods(value, 'warn', 'error'),
    expects: 'a logger with warn(message) and error(message)',
  },
};

const closeOptionRules: OptionRules<CloseOptions> = {
  grace: { test: isDuration, expects: "milliseconds from 0 up, or text such as '10 s'" },
};
