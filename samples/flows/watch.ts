import type { Queue, QueueEvent } from 'stepstream';

const start = performance.now();

export function say(who: string, text: string): void {
  const seconds = ((performance.now() - start) / 1_000).toFixed(2).padStart(6);
  console.log(`${seconds} s   ${who.padEnd(8)}   ${text}`);
}

/** Says what happens in a queue, on whatever machine. Resolves when it listens. */
export async function watch(queue: Queue): Promise<void> {
  const names = new Map<string, string>();
  queue.events$.subscribe((event) => {
    if (event.type === 'added') names.set(event.jobId, event.name);
    const text = textOf(event);
    if (text && 'jobId' in event) say(queue.name, `${names.get(event.jobId)} ${text}`);
  });
  await queue.waitUntilReady();
}

function textOf(event: QueueEvent): string | undefined {
  switch (event.type) {
    case 'waiting-children':
      return 'waits for its children';
    case 'active':
      return 'is taken by a worker';
    case 'completed':
      return `is done: ${event.returnvalue}`;
    case 'failed':
      return `has failed: ${event.failedReason}`;
    default:
      return undefined;
  }
}
