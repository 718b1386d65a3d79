/** bull-board's page and HTTP API of a queue, where neither bullmq nor ioredis is: imported, and required. */
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createBullBoard } from '@bull-board/api';
import { ExpressAdapter } from '@bull-board/express';
import express from 'express';
import { filter, firstValueFrom, of } from 'rxjs';
import { createApp, delay, Processor, Step, type StepJob } from 'stepstream';
import { StepstreamAdapter } from 'stepstream/bull-board';

@Processor('orders')
class Orders {
  @Step() charge(job: StepJob<number>) {
    return of(job.data * 2);
  }

  @Step({ after: 'charge' }) review(_job: StepJob<number>, cents: number) {
    return of(`${cents} cents`).pipe(delay('3 days'));
  }
}

const app = createApp({ processors: [Orders] });
await app.start();
const job = await app.queue(Orders).add('order', 21, { jobId: 'ann' });
await firstValueFrom(job.events$.pipe(filter(({ type }) => type === 'delayed')));

const serverAdapter = new ExpressAdapter();
createBullBoard({ queues: [new StepstreamAdapter(app.queue(Orders), { description: 'What is sold' })], serverAdapter });
const server = await new Promise<Server>((listening) => {
  const opened: Server = express()
    .use('/', serverAdapter.getRouter())
    .listen(0, '127.0.0.1', () => listening(opened));
});

const page = await call('GET', '');
console.log('a page:', page.ok, /<div id="root">/.test(await page.text()));
const { job: shown, status } = await (await call('GET', 'api/queues/orders/ann')).json();
console.log('a job:', status, shown.progress.step, JSON.stringify(shown.progress.outputs));
console.log('promoted:', (await call('PUT', 'api/queues/orders/ann/promote')).status, await job.result());

const require = createRequire(import.meta.url);
const required: typeof import('stepstream/bull-board') = require('stepstream/bull-board');
console.log('imported and required, it is one:', required.StepstreamAdapter === StepstreamAdapter);

server.closeAllConnections();
server.close();
await app.close();

function call(method: string, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`, { method });
}
