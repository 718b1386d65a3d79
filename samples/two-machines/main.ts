import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createApp, type Job } from 'stepstream';
import { Bank } from './bank.js';
import { OrderProcessor, type Order } from './order-processor.js';
import { openRedis } from './redis.js';
import { say } from './say.js';

const redis = await openRedis();
const bank = await Bank.open();
const app = createApp({ connection: redis.url }); // no processors: it adds jobs

const first = await startMachine('A');
say('producer', 'adds an order');
const job: Job<Order, string> = await app.queue(OrderProcessor).add('order', { book: 'Momo', cents: 1_250 });

await bank.booked; // and machine A waits for the answer
const second = await startMachine('B');
first.kill('SIGKILL');
say('producer', 'kills machine A');

say('producer', `has the result: ${await job.result()}`);
say('bank', `has booked ${bank.charges} charge`);

second.disconnect();
await once(second, 'exit');
await app.close();
bank.close();
await redis.close();

/** A process of its own, that only shares Redis with the others. */
async function startMachine(name: string): Promise<ChildProcess> {
  const env = { ...process.env, MACHINE: name, REDIS_URL: redis.url, BANK_URL: bank.url };
  const machine = fork(fileURLToPath(new URL('machine.ts', import.meta.url)), { env });
  await once(machine, 'message');
  return machine;
}
