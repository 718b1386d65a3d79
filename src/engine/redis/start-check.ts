import { isIP, type Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { UnsupportedStoreError } from '../../errors.js';
import { refused } from './refusals.js';

export interface StartCheck {
  readonly prefix: string;
  /** Redis' address, for messages. */
  readonly where: string;
  warn(message: string): void;
}

/** What answers at the other end of a connection. */
export interface Server {
  /** Of its process. */
  readonly id: string;
  /** What it is, for messages: `Redis 7.0.15`. */
  readonly name: string;
}

/** Looks at the server of a new connection before anything else is asked of it. */
export async function checkServer(redis: Redis, { prefix, where, warn }: StartCheck): Promise<Server> {
  const info = fieldsOf((await redis.call('INFO')) as string);
  const [product, version, least] = versionOf(info);
  if (isOlder(version, least)) {
    throw new UnsupportedStoreError(`${where} is ${product} ${version}: jobs need ${product} ${least} or newer`);
  }
  if (info.get('cluster_enabled') === '1' && !/^[^{]*\{[^}]+\}/.test(prefix)) {
    throw new UnsupportedStoreError(
      `${where} is a cluster, in which all keys of a prefix must lie in one slot: put it in braces, \`prefix: '{${prefix}}'\``,
    );
  }
  if (info.get('loading') === '1') throw refused('LOADING', where);
  if (info.get('role') === 'slave') throw refused('READONLY', where);

  const policy = info.get('maxmemory_policy');
  if (Number(info.get('maxmemory')) > 0 && policy !== 'noeviction') {
    warn(
      `${where} drops keys when its memory is full, and loses jobs: set maxmemory-policy to noeviction, not ${policy}`,
    );
  }
  if (isOpen(redis)) {
    warn(`${where} lets in whoever reaches it, to read and to change jobs: set a password or an ACL user, and use TLS`);
  }
  return { id: info.get('run_id') ?? '', name: `${product} ${version}` };
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  const lines = info.split('\r\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

function versionOf(info: ReadonlyMap<string, string>): readonly [product: string, version: string, least: string] {
  const valkey = info.get('valkey_version');
  return valkey ? ['Valkey', valkey, '7.2'] : ['Redis', info.get('redis_version') ?? '0', '7.0'];
}

function isOlder(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

/** X8: the default user, without a password, on a connection that others can listen to. */
function isOpen({ options, stream }: Redis): boolean {
  const { username, password } = options;
  if (password || (username && username !== 'default') || 'encrypted' in stream) return false;
  return !isLoopback(stream);
}

function isLoopback({ remoteAddress }: Socket): boolean {
  if (remoteAddress === undefined || !isIP(remoteAddress)) return true; // a socket in the file system
  return /^(::ffff:)?127\.|^::1$/.test(remoteAddress);
}
