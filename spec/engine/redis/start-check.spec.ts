import type { Redis } from 'ioredis';
import { UnsupportedStoreError } from 'stepstream';
import { checkServer } from '../../../src/engine/redis/start-check.js';

const healthy = { redis_version: '7.0.15', run_id: 'server', role: 'master', loading: '0', cluster_enabled: '0' };

interface Server {
  readonly info?: Readonly<Record<string, string>>;
  readonly options?: object;
  readonly stream?: object;
  readonly prefix?: string;
}

/** What the check answers, and warns of. */
async function check({ info, options = {}, stream = { remoteAddress: '127.0.0.1' }, prefix = 'bull' }: Server) {
  const fields = Object.entries({ ...healthy, ...info }).map(([name, value]) => `${name}:${value}`);
  const call = async (): Promise<string> =>
    ['# Server', ...fields, '', '# Keyspace', 'db0:keys=1,expires=0'].join('\r\n');
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const server = await checkServer({ call, options, stream } as unknown as Redis, { prefix, where: 'Redis', warn });
  return { server, warnings };
}

describe('the start check', () => {
  it('lets pass what jobs can be kept in, without a word', async () => {
    await expect(check({})).resolves.toEqual({ server: { id: 'server', name: 'Redis 7.0.15' }, warnings: [] });
  });

  it.each([
    ['Redis', '7.0.0', { redis_version: '7.0.0' }],
    ['Redis', '8.10.1', { redis_version: '8.10.1' }],
    ['Valkey', '7.2.5', { redis_version: '7.2.4', valkey_version: '7.2.5', server_name: 'valkey' }],
    ['Valkey', '9.0.0', { redis_version: '7.2.4', valkey_version: '9.0.0', server_name: 'valkey' }],
  ])('%s %s is new enough', async (product, version, info) => {
    await expect(check({ info })).resolves.toMatchObject({ server: { name: `${product} ${version}` } });
  });

  it.each([
    ['Redis 6.2.14', 'Redis 7.0', { redis_version: '6.2.14' }],
    ['Redis 5.0.7', 'Redis 7.0', { redis_version: '5.0.7' }],
    ['Valkey 7.1.9', 'Valkey 7.2', { redis_version: '7.2.4', valkey_version: '7.1.9' }],
  ])('%s is too old: jobs need %s', async (is, needed, info) => {
    const checked = check({ info });
    await expect(checked).rejects.toThrow(UnsupportedStoreError);
    await expect(checked).rejects.toThrow(`is ${is}: jobs need ${needed} or newer`);
  });

  it('a cluster needs a hash tag in the prefix, and the error shows one', async () => {
    const info = { cluster_enabled: '1' };
    for (const prefix of ['bull', 'bull{}', 'bull}{', '{']) {
      await expect(check({ info, prefix })).rejects.toThrow(UnsupportedStoreError);
    }
    await expect(check({ info, prefix: 'bull' })).rejects.toThrow("`prefix: '{bull}'`");
    for (const prefix of ['{bull}', 'app:{bull}:jobs']) await expect(check({ info, prefix })).resolves.toBeDefined();
  });

  it('a server that is loading, or a replica, is not used yet', async () => {
    await expect(check({ info: { loading: '1' } })).rejects.toMatchObject({ reason: 'LOADING' });
    await expect(check({ info: { role: 'slave' } })).rejects.toMatchObject({ reason: 'READONLY' });
  });

  it('warns of a server that drops keys when its memory is full', async () => {
    const lru = { maxmemory_policy: 'allkeys-lru' };
    const { warnings } = await check({ info: { ...lru, maxmemory: '1000000' } });
    expect(warnings).toEqual([expect.stringContaining('set maxmemory-policy to noeviction, not allkeys-lru')]);
    await expect(check({ info: { ...lru, maxmemory: '0' } })).resolves.toMatchObject({ warnings: [] });
    const noeviction = { maxmemory: '1000000', maxmemory_policy: 'noeviction' };
    await expect(check({ info: noeviction })).resolves.toMatchObject({ warnings: [] });
  });

  const elsewhere = { remoteAddress: '10.0.0.7' };

  it.each<readonly [string, number, Server]>([
    ['on another machine', 1, { stream: elsewhere }],
    ['by the name of the default user', 1, { stream: elsewhere, options: { username: 'default' } }],
    ['on this machine', 0, { stream: { remoteAddress: '127.0.0.1' } }],
    ['on this machine, by IPv6', 0, { stream: { remoteAddress: '::1' } }],
    ['on this machine, by IPv4 in IPv6', 0, { stream: { remoteAddress: '::ffff:127.0.0.1' } }],
    ['through a socket in the file system', 0, { stream: {} }],
    ['with a password', 0, { stream: elsewhere, options: { password: 'secret' } }],
    ['as another user', 0, { stream: elsewhere, options: { username: 'stepstream' } }],
    ['with TLS', 0, { stream: { ...elsewhere, encrypted: true } }],
  ])('X8: warns of a server that lets everybody in: %s: %p', async (_, count, server) => {
    expect((await check(server)).warnings).toHaveLength(count);
  });
});
