import type { Redis } from 'ioredis';
import type { EngineEvent } from '../../../src/engine/records.js';
import { memoryEngine, type Engine } from 'stepstream';

/** An event of a queue: at least its name and its job. */
export type Event = Readonly<Record<string, string>>;

/** Where the jobs of a script are kept, and what is told of them there. */
export interface Ground {
  readonly connection: unknown;
  events(queue: string): Promise<readonly Event[]>;
  /** Resolves when there have been enough events. */
  until(queue: string, enough: (events: readonly Event[]) => boolean): Promise<void>;
}

/** A Redis in which the keys begin with the prefix. */
export function onRedis(redis: Redis, prefix: string, options: object): Ground {
  const stream = (queue: string): string => `${prefix}:${queue}:events`;
  return {
    connection: { host: '127.0.0.1', port: redis.options.port!, ...options },

    async events(queue) {
      const entries = await redis.xrange(stream(queue), '-', '+');
      return entries.map(([, fields]) => eventOf(fields));
    },

    async until(queue, enough) {
      const reader = redis.duplicate();
      const events: Event[] = [];
      let last = '0';
      do {
        const found = await reader.xread('BLOCK', 0, 'STREAMS', stream(queue), last);
        for (const [id, fields] of found?.[0]?.[1] ?? []) {
          events.push(eventOf(fields));
          last = id;
        }
      } while (!enough(events));
      reader.disconnect();
    },
  };
}

function eventOf(fields: readonly string[]): Event {
  return Object.fromEntries(fields.flatMap((field, i) => (i % 2 === 0 ? [[field, fields[i + 1]!]] : [])));
}

/** The embedded engine. It keeps no events: each queue is listened to from its first call on. */
export function embedded(): Ground {
  const engine = memoryEngine();
  const heard = new Map<string, Event[]>();
  const waiting = new Set<() => void>();

  function listen(queue: string): Event[] {
    let events = heard.get(queue);
    if (events) return events;
    heard.set(queue, (events = []));
    engine.events(queue, ({ type, jobId }: EngineEvent) => {
      events.push({ event: type, jobId });
      for (const each of waiting) each();
    });
    return events;
  }

  const connection = new Proxy(engine, {
    get(target, name: keyof Engine) {
      const member = target[name];
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]) => {
        const [first] = args;
        if (typeof first === 'string') listen(first);
        else if (name === 'add') for (const { queue } of first as readonly { readonly queue: string }[]) listen(queue);
        return (member as (...all: readonly unknown[]) => unknown)(...args);
      };
    },
  });

  return {
    connection,
    events: async (queue) => listen(queue),
    until: (queue, enough) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!enough(listen(queue))) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
