import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { AppQueue } from '@bull-board/api/typings/app';
import { useBrowser } from '../support/browser.js';
import { compiledProgram } from '../support/compiled-program.js';
import { useRedis } from '../support/use-redis.js';

jest.setTimeout(60_000);

const folder = 'samples/dashboard';
const program = compiledProgram(`${folder}/main.ts`);
const redis = useRedis();
const openPage = useBrowser();

let server: ChildProcess | undefined;
let url: string;

async function start(redisUrl?: string): Promise<void> {
  const { NODE_OPTIONS: _, REDIS_URL: __, ...env } = process.env;
  server = spawn(process.execPath, [program], {
    env: { ...env, PORT: '0', ...(redisUrl !== undefined && { REDIS_URL: redisUrl }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(createInterface({ input: server.stdout! }), 'line')) as [string];
  [url] = /http\S+(?=\/)/.exec(said)!;
  expect(readFileSync(`${folder}/README.md`, 'utf8')).toContain(said.replace(/:\d+/, ':3010'));
}

async function stop(): Promise<number | null> {
  const ended = once(server!, 'exit');
  server!.kill('SIGTERM');
  const [code] = await ended;
  server = undefined;
  return code as number | null;
}

afterEach(async () => {
  if (!server) return;
  const ended = once(server, 'exit');
  server.kill('SIGKILL');
  await ended;
});

const call = (method: string, path: string): Promise<Response> => fetch(`${url}/api/queues/${path}`, { method });

/** Asks until it is so: jobs go on meanwhile. */
async function queuesWhen(isSo: (queues: Record<string, AppQueue>) => boolean): Promise<Record<string, AppQueue>> {
  for (;;) {
    const { queues } = (await (await fetch(`${url}/api/queues`)).json()) as { queues: AppQueue[] };
    const byName = Object.fromEntries(queues.map((queue) => [queue.name, queue]));
    if (isSo(byName)) return byName;
  }
}

const stands = ({ orders, parcels, stock, letters }: Record<string, AppQueue>): boolean =>
  orders!.counts.delayed === 1 &&
  orders!.counts.failed === 1 &&
  orders!.counts['waiting-children'] === 1 &&
  parcels!.counts.delayed === 2 &&
  parcels!.counts.completed === 2 &&
  stock!.counts.active === 1 &&
  stock!.jobSchedulerCount === 1 &&
  letters!.counts.waiting === 1 &&
  letters!.counts.prioritized === 1;

describe('the sample of a dashboard', () => {
  it('shows jobs in every state, as its README says; what can be tried there works; SIGTERM ends it', async () => {
    await start();
    await queuesWhen(stands);
    const page = await openPage();
    await page.goto(`${url}/queue/orders/robinson`);
    await page.getByRole('tab', { name: 'Progress' }).click();
    await page.getByText('"awaitChildren"').waitFor();
    await page.locator('.react-flow__node').nth(2).waitFor();
    await page.context().close();

    await call('PUT', 'orders/astrid/retry');
    await call('PUT', 'orders/michael/promote');
    await call('PUT', 'parcels/promote');
    // Michael has completed, Astrid and Robinson sleep until they are asked for reviews
    await queuesWhen(({ orders }) => orders!.counts.completed === 1 && orders!.counts.delayed === 2);
    const logs: unknown = await (await call('GET', 'orders/astrid/logs')).json();
    expect(logs).toEqual([expect.stringMatching(/^charges Astrid, with key \S{22}$/)]); // once
    expect((await call('PUT', 'letters/resume')).status).toBe(405);
    await expect(stop()).resolves.toBe(0);
  });

  it('on Redis it finds its jobs again', async () => {
    await start(redis().url);
    await queuesWhen(stands);
    await call('PUT', 'orders/astrid/retry');
    await queuesWhen(({ orders }) => orders!.counts.delayed === 2);
    await expect(stop()).resolves.toBe(0);
    await start(redis().url);
    const { orders } = await queuesWhen(({ stock }) => stock!.counts.active === 1);
    expect(orders!.counts).toMatchObject({ delayed: 2, failed: 0, 'waiting-children': 1 });
    await expect(stop()).resolves.toBe(0);
  });
});
