import type { QueueEvents } from 'bullmq';

/** An event, as BullMQ's `QueueEvents` tells it, without its number. */
export type Heard = readonly [event: string, args: Readonly<Record<string, unknown>>];

const names = [
  'active',
  'added',
  'cleaned',
  'completed',
  'deduplicated',
  'delayed',
  'drained',
  'duplicated',
  'failed',
  'paused',
  'progress',
  'removed',
  'resumed',
  'retries-exhausted',
  'stalled',
  'waiting',
  'waiting-children',
] as const;

/** Hears all that `QueueEvents` tells. */
export class Ears {
  readonly heard: Heard[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(events: QueueEvents) {
    for (const name of names) {
      events.on(name as 'active', (args) => {
        this.heard.push([name, typeof args === 'object' ? { ...args } : {}]);
        for (const look of this.#waiting) look();
      });
    }
  }

  /** Resolves when this many events of the type have come, of one job if asked; with the last of them. */
  async until(event: (typeof names)[number], jobId?: string, count = 1): Promise<Readonly<Record<string, unknown>>> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.heard.filter(([name, args]) => name === event && (!jobId || args['jobId'] === jobId));
        if (found.length < count) return;
        this.#waiting.delete(look);
        resolve(found[count - 1]![1]);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** The events of one job, in order. */
  of(jobId: string): readonly Heard[] {
    return this.heard
      .filter(([, args]) => args['jobId'] === jobId)
      .map(([name, { jobId: _jobId, ...args }]) => [name, args] as const);
  }
}
