import { Queue, Worker, type Job, type Processor } from 'bullmq';
import type { Countdown } from '../countdown.js';
import { thousands } from '../in-flight.js';

/** A queue with BullMQ's defaults. */
export async function openQueue(url: string, name: string): Promise<Queue> {
  const queue = new Queue(name, { connection: { url } });
  await queue.waitUntilReady();
  return queue;
}

/** A worker with BullMQ's defaults, connected and not yet run. */
export async function openWorker(
  url: string,
  name: string,
  concurrency: number,
  processor: (job: Job, token: string) => Promise<unknown>,
  done?: Countdown,
): Promise<Worker> {
  const worker = new Worker(name, processor as Processor, { connection: { url }, concurrency, autorun: false });
  worker.on('failed', (_job, error) => done?.fail(error));
  await worker.waitUntilReady();
  return worker;
}

/** Adds jobs in bulks of a thousand. */
export async function preload(queue: Queue, size: number, data: (index: number) => object): Promise<void> {
  for (const bulk of thousands(size)) await queue.addBulk(bulk.map((index) => ({ name: 'job', data: data(index) })));
}
