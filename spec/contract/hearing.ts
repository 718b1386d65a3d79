import type { Engine } from '../../src/engine/engine.js';
import type { EngineEvent, NewJob } from '../../src/engine/records.js';

export interface Heard {
  stop(): void;
  /** What was heard of jobs up to now; of exhausted retries nothing. */
  all(): Promise<readonly EngineEvent[]>;
  /** All that was heard up to now, of the queue too. */
  everything(): Promise<readonly EngineEvent[]>;
  /** The types of events, of one job or all. */
  types(id?: string): Promise<readonly string[]>;
  /** How often a parent was woken that had waited for children. */
  wakings(id: string): Promise<number>;
}

export interface Watching {
  stop(): void;
  /** How often it was woken up to now. */
  readonly times: number;
  /** Resolves when it has been woken more than `since` times. */
  woken(since?: number): Promise<void>;
}

/** Listens to a queue, or to one of its jobs. Nobody sleeps to hear all: a job of the test's own marks the end. */
export function listen(engine: Engine, queue: string, jobId?: string, after?: string): Heard {
  const events: EngineEvent[] = [];
  const stop = engine.events(queue, (event) => void events.push(event), jobId, after);
  const everything = async (): Promise<readonly EngineEvent[]> => {
    await mark(engine, queue);
    return events.filter((event) => !event.jobId.startsWith(marker));
  };
  const all = async (): Promise<readonly EngineEvent[]> =>
    (await everything()).filter((event) => event.jobId !== '' && event.type !== 'retries-exhausted');
  const of = async (id?: string) => (await all()).filter((event) => id === undefined || event.jobId === id);
  return {
    stop,
    all,
    everything,
    types: async (id) => (await of(id)).map(({ type }) => type),
    wakings: async (id) =>
      (await of(id)).filter((event) => event.type === 'waiting' && event.prev === 'waiting-children').length,
  };
}

const marker = 'marker-';
let markers = 0;

/** Resolves once everybody has heard what the queue has had to tell until now. */
async function mark(engine: Engine, queue: string): Promise<void> {
  const jobId = `${marker}${++markers}`;
  let heard = (): void => {};
  const told = new Promise<void>((resolve) => (heard = resolve));
  const stop = engine.events(queue, heard, jobId);
  // due so far off that it is in nobody's way
  const job: NewJob = { queue, name: 'marker', data: undefined, opts: { jobId, delay: 1e12 }, timestamp: 1.8e12 };
  await engine.add([job]);
  await told;
  stop();
}

export function watch(engine: Engine, queue: string): Watching {
  const seen = { times: 0 };
  let called = (): void => {};
  const stop = engine.watch(queue, () => {
    seen.times++;
    called();
  });
  return {
    stop,
    get times() {
      return seen.times;
    },
    async woken(since = 0) {
      while (seen.times <= since) await new Promise<void>((resolve) => (called = resolve));
    },
  };
}
