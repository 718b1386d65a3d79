import { jsonCodec, type Codec } from './engine/codec.js';
import type { Engine } from './engine/engine.js';
import { memoryEngine } from './engine/memory/memory-engine.js';
import { isPrefix, prefixRule } from './engine/names.js';
import { isRedisConnection, type RedisConnection } from './engine/redis/connection.js';
import { redisEngine } from './engine/redis/redis-engine.js';
import { JobContext } from './job/job-context.js';
import { failureOf } from './job/failure.js';
import { logOf, type Logger } from './job/logger.js';
import type { OptionRules } from './job/options.js';
import { Payloads } from './job/payloads.js';
import { Instrumentation } from './telemetry/instrumentation.js';
import { telemetryOf, telemetryRule, type TelemetryOption } from './telemetry/telemetry-option.js';

/** Where jobs are kept, and how: the same options for all that share them. */
export interface StoreOptions {
  /**
   * Redis 7.0 or newer (Valkey 7.2), by a `redis://` or `rediss://` URL, ioredis' options (Sentinel too),
   * `{ cluster: [nodes] }` with a `{hash tag}` in the prefix, or an instance of ioredis, of which others are made: it is itself
   * neither used nor closed. Or an engine. It is connected to with the first call, which rejects with `StoreUnavailableError`
   * after 5 s without it. Default: an embedded engine, gone with the process: an app has one of its own, those that are made
   * without an app share one.
   *
   * @example
   * ```ts
   * createApp({ connection: { host: 'redis', password, tls: {} } });
   * ```
   */
  readonly connection?: RedisConnection | Engine | undefined;
  /** What all keys in Redis begin with, and part of every idempotency key. Default `bull`. */
  readonly prefix?: string;
  /** How values become text. Default JSON. */
  readonly codec?: Codec;
  /** The console, Nest's Logger, or pino, which gets fields. Default: the console. */
  readonly logger?: Logger;
  /**
   * Traces and figures of what is done here: `openTelemetry()`, `prometheus()`, BullMQ's `Telemetry` (`new BullMQOtel()`), or a
   * list of them of which one makes spans. Default none, which costs nothing.
   *
   * @example
   * ```ts
   * import { openTelemetry } from 'stepstream/opentelemetry';
   *
   * createApp({ processors: [OrderProcessor], telemetry: openTelemetry() });
   * ```
   */
  readonly telemetry?: TelemetryOption;
}

export const storeOptionRules: OptionRules<StoreOptions> = {
  connection: {
    test: (value) => isEngine(value) || isRedisConnection(value),
    expects:
      "a redis:// or rediss:// URL, ioredis' options or instance, { cluster: [nodes] }, or an engine; leave it out for the embedded one",
  },
  prefix: { test: isPrefix, expects: prefixRule },
  codec: {
    test: (value) => hasMethods(value, 'encode', 'decode'),
    expects: 'a codec with encode(value) and decode(payload)',
  },
  logger: {
    test: (value) => hasMethods(value, 'warn', 'error'),
    expects: 'a logger with warn(message) and error(message)',
  },
  telemetry: telemetryRule,
};

/** The store of an app, which nobody else closes. @param options are checked already */
export function openStore(options: StoreOptions): JobContext {
  return contextOf(options, memoryEngine);
}

/** The store of one that is made without an app. @param options are checked already */
export function joinStore(options: StoreOptions): JobContext {
  return contextOf(options, sharedEngine);
}

let shared: Engine | undefined;

function sharedEngine(): Engine {
  return (shared ??= memoryEngine());
}

function contextOf(options: StoreOptions, embedded: () => Engine): JobContext {
  const { connection, prefix = 'bull', codec = jsonCodec, telemetry } = options;
  const logger = logOf(options.logger ?? console);
  const warn = (message: string): void => {
    try {
      logger.warn(message);
    } catch {
      // a logger that throws has nobody left to tell
    }
  };
  if ('connection' in options && connection === undefined) {
    warn('there is a connection that is undefined: jobs are kept in memory, and gone with the process');
  }
  const engine = isEngine(connection)
    ? connection
    : connection === undefined
      ? embedded()
      : redisEngine({ connection, warn, prefix });
  const ownsEngine = engine !== connection && engine !== shared;
  const failed = (error: unknown): void =>
    warn(`the telemetry has thrown, and jobs go on without it: ${failureOf(error).reason}`);
  const instrumentation = telemetry && new Instrumentation(engine, telemetryOf(telemetry, failed));
  return new JobContext({
    engine,
    payloads: new Payloads(codec),
    prefix,
    logger,
    ownsEngine,
    telemetry: instrumentation,
  });
}

function isEngine(value: unknown): value is Engine {
  return hasMethods(value, 'claim', 'checkpoint');
}

export function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}
