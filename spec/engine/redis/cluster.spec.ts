import { Cluster, Redis } from 'ioredis';
import { systemClock, UnsupportedStoreError } from 'stepstream';
import { Link, type LinkOptions } from '../../../src/engine/redis/link.js';
import { redisEngine } from '../../../src/engine/redis/redis-engine.js';
import { script } from '../../../src/engine/redis/script.js';
import { startProxy } from '../../support/redis-proxy.js';
import { freePort, startRedis, type TestRedis } from '../../support/redis-server.js';
import { deniedBy, grantedInCluster, makeDocumentedUser } from './documented-user.js';
import { useEveryCommand } from './every-command.js';

/** Keeps the value, and answers the one before. */
const exchange = script('exchange', `return redis.call('SET', KEYS[1] .. ':value', ARGV[1], 'GET')`);

describe('a cluster', () => {
  let nodes: TestRedis[];
  let clients: Redis[];
  let ids: string[];
  const links: Link[] = [];
  /** In slots 6,805 and 9,263: on the first node, and on the second. */
  const [first, second] = ['{app}', '{bull}'] as const;

  function linkOf(options: Partial<LinkOptions> = {}): Link {
    const connection = { cluster: [{ host: '127.0.0.1', port: nodes[0]!.port }] };
    const link = new Link({ connection, prefix: first, clock: systemClock, warn: () => {}, ...options });
    links.push(link);
    return link;
  }

  async function settled(state: string): Promise<void> {
    for (const client of clients) while (!(await client.cluster('INFO')).includes(`cluster_state:${state}`));
  }

  beforeAll(async () => {
    const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '500'];
    nodes = await Promise.all([startRedis(args), startRedis(args)]);
    clients = nodes.map(({ url }) => new Redis(url));
    await clients[0]!.cluster('ADDSLOTSRANGE', 0, 8_191);
    await clients[1]!.cluster('ADDSLOTSRANGE', 8_192, 16_383);
    const { port, busPort } = nodes[1]!;
    await clients[0]!.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
    await settled('ok');
    ids = await Promise.all(clients.map((client) => client.cluster('MYID')));
  }, 20_000);

  afterEach(async () => {
    await Promise.all(links.splice(0).map((link) => link.close()));
    await Promise.all(clients.map((client) => client.flushall()));
  });

  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await Promise.all(nodes.map((node) => node.stop()));
  });

  it.each([first, second])('the node that serves the slot of %s is found from any other', async (prefix) => {
    const link = linkOf({ prefix: prefix });
    const dedicated = link.dedicated('blocks');
    await expect(link.call(exchange, ['value'])).resolves.toBeNull();
    const answer = dedicated.block('BLPOP', [`${prefix}:list`, 30]);
    await link.send('RPUSH', [`${prefix}:list`, 'item']);
    await expect(answer).resolves.toEqual([`${prefix}:list`, 'item']);
    const wait = dedicated.block('BLPOP', [`${prefix}:list`, 30]);
    dedicated.interrupt();
    await expect(wait).resolves.toBeNull();
  });

  it('nodes that are gone are passed over, and those that were never named are used', async () => {
    const gone = { host: '127.0.0.1', port: await freePort() };
    const connection = { cluster: [gone, { host: '127.0.0.1', port: nodes[1]!.port }, gone] };
    await expect(linkOf({ connection }).call(exchange, ['value'])).resolves.toBeNull();
  });

  it("the user's own Cluster tells its nodes, and is neither used nor closed", async () => {
    const own = new Cluster([nodes[1]!.url], { lazyConnect: true });
    const link = linkOf({ connection: own });
    await expect(link.call(exchange, ['value'])).resolves.toBeNull();
    await link.close();
    expect(own.status).toBe('wait');
    own.disconnect();
  });

  it('X8: the user of docs/redis.md needs what is said of clusters, and nothing else there', async () => {
    const makeUser = (...rules: readonly string[]): Promise<string[]> =>
      Promise.all(clients.map((client, at) => makeDocumentedUser(client, nodes[at]!, first, ...rules)));
    for (const missing of grantedInCluster) {
      const connection = { cluster: await makeUser(...grantedInCluster.filter((rule) => rule !== missing)) };
      await expect(linkOf({ connection }).start()).rejects.toMatchObject({ reason: 'NOPERM' });
    }
    const connection = { cluster: await makeUser(...grantedInCluster) };
    for (const client of clients) await client.acl('LOG', 'RESET');
    const engine = redisEngine({ connection, prefix: first });
    await useEveryCommand(engine, first, clients[0]!);
    await engine.close();
    for (const client of clients) await expect(deniedBy(client)).resolves.toEqual([]);
  });

  it('a slot that has moved to another node is followed there', async () => {
    const link = linkOf();
    await link.call(exchange, ['lost']);
    await clients[0]!.flushall();
    const slot = await clients[0]!.cluster('KEYSLOT', first);
    for (const client of [clients[1]!, clients[0]!]) await client.cluster('SETSLOT', slot, 'NODE', ids[1]!);
    await expect(link.call(exchange, ['new'])).resolves.toBeNull();
    await expect(link.call(exchange, ['newer'])).resolves.toBe('new');
    await clients[1]!.flushall();
    for (const client of clients) await client.cluster('SETSLOT', slot, 'NODE', ids[0]!);
    await expect(link.call(exchange, ['back'])).resolves.toBeNull();
  });

  it('CLUSTERDOWN is waited for, for the length of the timeout', async () => {
    const link = linkOf({ timeout: 20_000 });
    const impatient = linkOf({ timeout: 1_000 });
    await Promise.all([link.start(), impatient.start()]);
    await nodes[1]!.kill('SIGKILL');
    while (!(await clients[0]!.cluster('INFO')).includes('cluster_state:fail'));
    const call = link.call(exchange, ['waits']);
    await expect(impatient.call(exchange, ['impatient'])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'CLUSTERDOWN',
    });
    await nodes[1]!.restart();
    await expect(call).resolves.toBeNull();
    await settled('ok');
  }, 30_000);

  it('a URL that leads to another node is told what to give instead', async () => {
    const link = linkOf({ connection: nodes[1]!.url, timeout: 500 });
    const call = link.call(exchange, ['value']);
    await expect(call).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'MOVED' });
    await expect(call).rejects.toThrow('`connection: { cluster: [...] }`');
  });

  it('a prefix without a hash tag is refused', async () => {
    await expect(linkOf({ prefix: 'bull' }).start()).rejects.toThrow(UnsupportedStoreError);
  });

  it('I11: a close leaves nothing, while a node is looked for too', async () => {
    const link = linkOf();
    const starting = Promise.allSettled([link.start()]);
    await link.close();
    await starting;
    expect(link.held).toBe(0);

    const proxy = await startProxy(nodes[0]!.port);
    proxy.let('no replies');
    const swallowed = proxy.swallowed();
    const silent = linkOf({ connection: { cluster: [proxy.url] } });
    const waiting = Promise.allSettled([silent.start()]);
    await swallowed; // the node has been asked
    await silent.close();
    await waiting;
    expect(silent.held).toBe(0);
    await proxy.empty();
    await proxy.close();
  });
});
