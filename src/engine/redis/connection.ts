import type { ClusterNode, ClusterOptions, Redis, RedisOptions } from 'ioredis';
import { UnsupportedStoreError } from '../../errors.js';
import { clusterConnector } from './cluster-connector.js';

/** ioredis' options for each node of a Redis Cluster, and some nodes, from which the others are found. */
export interface RedisCluster extends RedisOptions {
  readonly cluster: readonly ClusterNode[];
}

/** A `Redis` or `Cluster` of ioredis 5 or 6. Connections like it are made; it is itself neither used nor closed. */
export interface RedisInstance {
  duplicate(...args: never[]): unknown;
}

/**
 * Where Redis is: a `redis://` or `rediss://` URL, ioredis' options (TLS and Sentinel too), nodes of a cluster, or an instance of
 * ioredis.
 */
export type RedisConnection = string | RedisOptions | RedisCluster | RedisInstance;

/** Makes connections that are still to be connected. */
export interface Opener {
  /** For messages: no credentials in it. */
  readonly where: string;
  open(name: string): Redis;
}

/** Whether the value says where Redis is; loads nothing. */
export function isRedisConnection(value: unknown): value is RedisConnection {
  if (typeof value === 'string') return isRedisUrl(value);
  if (typeof value !== 'object' || value === null) return false;
  if (isInstance(value)) return true;
  if ('cluster' in value && (!Array.isArray(value.cluster) || value.cluster.length === 0)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null; // plain, be it another realm's
}

/** Of a path that is no number ioredis makes the database NaN, and of Redis' refusal of that an error that nobody catches. */
function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\//i.test(text) && URL.canParse(text) && /^(\/\d*)?$/.test(new URL(text).pathname);
}

/**
 * What connections are opened with, whatever the user's own say. An instance is one connection, and `wire.ts` makes the next:
 * so ioredis repeats nothing (R9), has no queue of its own, and rejects what is in flight when the connection ends (R10).
 */
const forced = {
  lazyConnect: true,
  retryStrategy: null,
  sentinelRetryStrategy: () => null,
  reconnectOnError: null,
  maxRetriesPerRequest: null,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  // the start check asks for INFO itself, and looks for more in it
  enableReadyCheck: false,
  // a timer per command each: Link and Dedicated have deadlines of their own
  commandTimeout: undefined,
  socketTimeout: undefined,
  blockingTimeout: undefined,
  connectTimeout: 5_000,
  // what is dropped is dropped now: to wait for the other side would hold back what was in flight
  disconnectTimeout: 1,
  // Node has the system look for the other side after 10 s of silence, ten times, once a second
  keepAlive: 10_000,
  noDelay: true,
  // a user who may do only what is needed may not tell that, and each refusal would stand in Redis' ACL LOG
  disableClientInfo: true,
  enableAutoPipelining: false,
  readOnly: false,
  monitor: false,
  stringNumbers: false,
  // replies as scripts and ioredis 5 know them: in RESP3, XREAD's for one has another shape
  protocol: 2,
  replyMapping: 'legacy',
  showFriendlyErrorStack: false,
} as const satisfies RedisOptions;

/** Loads ioredis. @throws UnsupportedStoreError */
export async function openerOf(connection: RedisConnection, prefix: string): Promise<Opener> {
  const template = await templateOf(connection, prefix);
  const { options } = template;
  if (options.keyPrefix) {
    throw new UnsupportedStoreError(
      '`connection` has a keyPrefix, of which scripts know nothing: leave it out there, and give it as `prefix`',
    );
  }
  // a sentinel that stays silent would hold an attempt for ever
  const sentinelCommandTimeout = options.sentinelCommandTimeout ?? 2_000;
  return {
    where: whereOf(connection, options),
    open: (connectionName) => template.duplicate({ ...forced, sentinelCommandTimeout, connectionName }),
  };
}

/** What all sorts of connections become: an instance to duplicate. Those that are made here are never connected. */
interface Template {
  readonly options: RedisOptions;
  duplicate(override: RedisOptions): Redis;
}

async function templateOf(connection: RedisConnection, prefix: string): Promise<Template> {
  const ioredis = await import('ioredis');
  const { AbstractConnector } = ioredis;
  // its own type refuses options whose `replyMapping` may be undefined
  const Redis = ioredis.Redis as unknown as new (where: string | RedisOptions, options?: RedisOptions) => Redis;
  const lazy = { lazyConnect: true };
  if (typeof connection === 'string') return new Redis(connection, lazy);
  const cluster = clusterOf(connection);
  if (cluster) {
    const { cluster: nodes, ...options } = cluster;
    const Connector = clusterConnector({ AbstractConnector, Redis }, nodes, prefix);
    // user, password and TLS of a node's URL go for all
    const said = typeof nodes[0] === 'string' ? new Redis(nodes[0], lazy).options : {};
    return new Redis({ ...said, ...options, ...lazy, db: 0, Connector });
  }
  return isInstance(connection) ? (connection as unknown as Template) : new Redis({ ...connection, ...lazy });
}

function clusterOf(connection: Exclude<RedisConnection, string>): RedisCluster | undefined {
  // an instance has a `cluster` too: the command
  if (!isInstance(connection)) return 'cluster' in connection ? connection : undefined;
  if (!('isCluster' in connection) || connection.isCluster !== true) return undefined;
  const { startupNodes, options } = connection as unknown as ClusterInstance;
  const { redisOptions, natMap, keyPrefix = redisOptions?.keyPrefix } = options;
  return { ...redisOptions, natMap, keyPrefix, cluster: startupNodes };
}

/** What is read of a `Cluster`. */
interface ClusterInstance {
  readonly startupNodes: readonly ClusterNode[];
  readonly options: ClusterOptions;
}

function isInstance(value: object): value is RedisInstance {
  return 'duplicate' in value && typeof value.duplicate === 'function';
}

function whereOf(connection: RedisConnection, { sentinels, name, path, host, port }: RedisOptions): string {
  if (typeof connection !== 'string' && clusterOf(connection)) return 'the Redis cluster';
  if (sentinels) return `the Redis that sentinels know as '${name}'`;
  return `Redis at ${path ?? `${host}:${port}`}`;
}
