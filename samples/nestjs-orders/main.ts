import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openRedis } from '../two-machines/redis.js';
import type { Order } from './order.js';
import { say } from './say.js';

const redis = await openRedis();
const folder = await mkdtemp(join(tmpdir(), 'nestjs-orders-'));
const orders = ['Ada', 'Bob', 'Cleo', 'Dan', 'Eve', 'Finn'].map((customer, index): Order => ({
  id: `${customer}-${randomUUID()}`,
  customer,
  cents: 1_000 + index,
  parcels: ['books', 'lamp'],
}));

const first = await startServer('server 1');
say(`${orders.length} orders are sent`);
await Promise.all(orders.map((order) => post(first.url, order)));
await first.said(/charged/, 3); // two orders are being charged, others wait, or are packed
say('server 1 is told to end: SIGTERM');
await first.end();

const second = await startServer('server 2');
await post(second.url, orders[0]!); // the customer isn't sure: it is the same job
for (const { id } of orders) await completed(second.url, id);
say('all orders are done:');
for (const { customer, done } of await get<{ customer: string; done: string }[]>(`${second.url}/orders`))
  say(`  ${customer}: ${done}`);
say(`health: ${(await get<{ status: string }>(`${second.url}/health`)).status}`);
await second.end();

await redis.close();
await rm(folder, { recursive: true });

interface Server {
  readonly url: string;
  /** Resolves when it has printed so many lines of this kind. */
  said(what: RegExp, times: number): Promise<void>;
  /** SIGTERM, as a container gets it. */
  end(): Promise<void>;
}

async function startServer(name: string): Promise<Server> {
  const env = { ...process.env, SERVER: name, REDIS_URL: redis.url, DATABASE: join(folder, 'orders.db'), PORT: '0' };
  const server: ChildProcess = fork(fileURLToPath(new URL('server.ts', import.meta.url)), { env, silent: true });
  server.stderr!.pipe(process.stderr);
  const said: string[] = [];
  const lines = createInterface(server.stdout!).on('line', (line) => {
    said.push(line);
    console.log(line);
  });
  const [url] = (await once(server, 'message')) as [string];
  return {
    url,
    async said(what, times) {
      while (said.filter((line) => what.test(line)).length < times) await once(lines, 'line');
    },
    async end() {
      const ended = once(server, 'close');
      server.kill('SIGTERM');
      await ended;
    },
  };
}

async function post(url: string, order: Order): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const { status } = await fetch(`${url}/orders`, { method: 'POST', headers, body: JSON.stringify(order) });
  if (status !== 201) throw new Error(`order ${order.id} was answered ${status}`);
}

async function get<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

async function completed(url: string, id: string): Promise<void> {
  while ((await get<{ state: string }>(`${url}/orders/${id}`)).state !== 'completed') await setTimeout(50);
}
