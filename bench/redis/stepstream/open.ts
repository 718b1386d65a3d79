import { createApp, type App, type Class, type Queue } from 'stepstream';
import type { Countdown } from '../countdown.js';
import { thousands } from '../in-flight.js';

/** An app with our defaults, not yet started. */
export function openApp(url: string, processors: readonly Class[] = [], done?: Countdown): App {
  const app = createApp({ processors, connection: url });
  for (const processor of processors) app.worker(processor).on('failed', (_job, error) => done?.fail(error));
  return app;
}

/** Adds jobs in bulks of a thousand. */
export async function preload(queue: Queue, size: number, data: (index: number) => object): Promise<void> {
  for (const bulk of thousands(size)) await queue.addBulk(bulk.map((index) => ({ name: 'job', data: data(index) })));
}
