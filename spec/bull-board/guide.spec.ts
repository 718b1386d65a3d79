/** The code of docs/guides/dashboards.md, run; spec/docs/pages.spec.ts holds that it is the same. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue as BullMQQueue } from 'bullmq';
import express from 'express';
import { filter, firstValueFrom, of } from 'rxjs';
import { createApp, delay, type App } from 'stepstream';
import { StepstreamAdapter } from 'stepstream/bull-board';
import { processor } from '../support/processor.js';
import { useRedis } from '../support/use-redis.js';
import { Board } from './board.js';

const redis = useRedis();

const Orders = processor(
  { charge: () => of({ receipt: 4711 }), send: () => of('sent').pipe(delay('1 hour')), review: () => of('asked') },
  { queue: 'orders' },
);

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

async function orders(options: object = {}): Promise<App> {
  const app = createApp({ processors: [Orders], ...options });
  open.push(app);
  await app.start();
  return app;
}

describe('the guide to dashboards', () => {
  it('asks who comes, before it shows the queues', async () => {
    const app = await orders();
    const password = 'open sesame';
    const serverAdapter = new ExpressAdapter();
    createBullBoard({
      serverAdapter,
      queues: [
        new StepstreamAdapter(app.queue(Orders), { description: 'What is sold' }),
        new StepstreamAdapter(app.queue('letters'), { readOnlyMode: true }),
      ],
    });
    serverAdapter.setBasePath('/queues');
    const server = express();
    server.use('/queues', (request, response, next) => {
      const [, given = ''] = (request.headers.authorization ?? '').split('Basic ');
      if (isSame(given, Buffer.from(`admin:${password}`).toString('base64'))) next();
      else response.status(401).set('WWW-Authenticate', 'Basic realm="queues"').end();
    });
    server.use('/queues', serverAdapter.getRouter());

    const listening = server.listen(0, '127.0.0.1');
    open.push(listening);
    await once(listening, 'listening');
    const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/queues/api/queues`;
    const statusFor = async (user?: string): Promise<number> => {
      const authorization = user && `Basic ${Buffer.from(user).toString('base64')}`;
      return (await fetch(url, { headers: { connection: 'close', ...(authorization && { authorization }) } })).status;
    };
    await expect(statusFor()).resolves.toBe(401);
    await expect(statusFor('admin:guessed')).resolves.toBe(401);
    await expect(statusFor('admin:open sesame')).resolves.toBe(200);
  });

  it('draws a circle for a job of steps, by a formatter', async () => {
    const app = await orders();
    const adapter = new StepstreamAdapter(app.queue(Orders));
    const steps = ['charge', 'send', 'review'];
    const share = (step: string) => (steps.indexOf(step) + 1) / steps.length;
    adapter.setFormatter('progress', (at) => ({ ...at, progress: 100 * share(at.step) }));

    const board = await Board.serve([adapter]);
    open.push(board);
    const job = await app.queue(Orders).add('order', undefined);
    await firstValueFrom(job.events$.pipe(filter(({ type }) => type === 'delayed')));
    const { progress } = await board.job('orders', job.id);
    expect(progress).toMatchObject({ step: 'send', visit: 2, progress: 100 * (2 / 3) });
  });

  it('shows the same queue by both adapters on one board', async () => {
    const { port } = redis();
    const app = await orders({ connection: redis().url, prefix: 'shop' });
    const queue = new BullMQQueue('orders', { connection: { port }, prefix: 'shop' });
    const theirs = new BullMQAdapter(queue);

    const ours = new StepstreamAdapter(app.queue(Orders), { prefix: 'ours ' });
    open.push(queue);
    const board = await Board.serve([theirs, ours]);
    open.push(board);
    await app.queue(Orders).pause();
    await app.queue(Orders).add('order', undefined);
    const shown = await board.queues();
    expect(shown.map(({ name, isPaused, counts }) => `${name} ${isPaused} ${counts.waiting}`)).toEqual([
      'orders true 1',
      'ours orders true 1',
    ]);
  });
});

function isSame(given: string, expected: string): boolean {
  const [a, b] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(a!, b!); // as long for a wrong guess as for the right one
}
