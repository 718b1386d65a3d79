import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import type { TestRedis } from '../../support/redis-server.js';

/** What Redis has refused to a user. */
export interface Denied {
  readonly user: string;
  readonly reason: 'command' | 'key' | 'channel' | 'auth';
  /** Which command, or which key. */
  readonly object: string;
}

const docs = readFileSync('docs/redis.md', 'utf8');

/** Its rules, for the prefix `bull`. */
const documented = rulesOf(/^redis-cli ACL SETUSER stepstream ((?:.*\\\n)*.*)$/m);

/** What it is granted in a cluster beside. */
export const grantedInCluster = rulesOf(/`('\+cluster[^`]*)`/);

function rulesOf(pattern: RegExp): readonly string[] {
  return pattern
    .exec(docs)![1]!
    .split(/[\s\\]+/)
    .map((rule) => rule.replaceAll("'", ''));
}

/** The commands that docs/redis.md grants, as `ACL LOG` names them. */
export const grantedCommands = documented.filter((rule) => rule.startsWith('+')).map((rule) => rule.slice(1));

/** Makes the user of docs/redis.md, for a prefix, and with these rules behind those; answers the URL by which it connects. */
export async function makeDocumentedUser(
  admin: Redis,
  { port }: TestRedis,
  prefix: string,
  ...more: readonly string[]
): Promise<string> {
  const rules = documented.map((rule) => (rule.startsWith('~') ? rule.replace('bull', prefix) : rule));
  await admin.acl('SETUSER', prefix, ...rules, ...more);
  return `redis://${encodeURIComponent(prefix)}:password@127.0.0.1:${port}`;
}

/** What Redis has refused since its log was emptied. */
export async function deniedBy(admin: Redis): Promise<readonly Denied[]> {
  const entries = (await admin.acl('LOG', 100)) as readonly (readonly unknown[])[];
  return entries.map((entry) => {
    const of = (name: string): string => String(entry[entry.indexOf(name) + 1]);
    return { user: of('username'), reason: of('reason') as Denied['reason'], object: of('object') };
  });
}
