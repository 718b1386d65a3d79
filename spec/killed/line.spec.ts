import { startProxy, type RedisProxy } from '../support/redis-proxy.js';
import type { Order } from './orders.js';
import { Site } from './site.js';
import type { Stage } from './stage.js';

jest.setTimeout(60_000);

const orders = Array.from({ length: 12 }, (_, index): Order => ({
  work: 5,
  nap: 20,
  parcels: 2,
  extras: 2,
  collects: index % 2 === 0,
  rounds: 2,
  items: 2,
}));

const workers = 2;

/** Nobody died: so nothing was taken over, and nothing done twice. */
const undisturbed = { takenOver: 0, repeated: 0 };

describe('workers whose line to the store fails', () => {
  let site: Site;
  let proxy: RedisProxy;
  let stage: Stage;

  async function open(redisArguments: readonly string[] = []): Promise<void> {
    site = await Site.open({ redis: redisArguments });
    proxy = await startProxy(site.redis.port);
    stage = site.stage('line', { url: proxy.url });
    await stage.add(orders, proxy.url);
    for (let count = 0; count < workers; count++) stage.start();
    await stage.connected(workers);
  }

  /** Does something each time when workers have done so much more. */
  async function every(lines: number, times: number, action: () => Promise<void>): Promise<void> {
    for (let time = 1; time <= times; time++) {
      await stage.log.until((_, index) => index >= lines * time);
      await action();
      await stage.connected(workers);
    }
  }

  afterEach(async () => {
    await proxy.close();
    await site.close();
  });

  it('I1, I2, I3, I7, I9: replies that are lost change nothing: what was done is not done again', async () => {
    await open();
    await every(80, 4, async () => {
      proxy.let('no replies');
      const swallowed = proxy.swallowed();
      const adding = stage.add([orders[0]!]);
      await swallowed;
      proxy.cut();
      proxy.let('all');
      await adding;
    });
    await stage.drained();
    const { faults, figures } = await stage.judged();
    expect(faults).toEqual([]);
    expect(figures).toMatchObject({ orders: orders.length + 4, ...undisturbed });
  });

  it('I1, I2, I3, I7, I9: connections that break and come back lose nothing, and no job is taken over', async () => {
    await open();
    await every(80, 4, async () => {
      proxy.cut();
      await proxy.empty();
    });
    await stage.drained();
    const { faults, figures } = await stage.judged();
    expect(faults).toEqual([]);
    expect(figures).toMatchObject(undisturbed);
  });

  it('I1, I2, I3, I7, I9: a store that is killed and restarted loses nothing, when it writes its file at each command', async () => {
    await open(['--appendfsync', 'always']);
    await every(120, 3, () => site.redis.restart());
    await stage.drained();
    const { faults, figures } = await stage.judged();
    expect(faults).toEqual([]);
    expect(figures).toMatchObject(undisturbed);
  });
});
