import type { Engine } from '../../../src/engine/engine.js';
import type { EngineEvent, JobRecord, JobState } from '../../../src/engine/records.js';
import { queues, type Picture } from './picture.js';

/** What is told of a job that is there. `ready` stands for waiting and prioritized: their event is the same. */
type Told = Exclude<JobState, 'waiting' | 'prioritized'> | 'added' | 'ready';

/** In which states an event may come. */
const comesIn: Readonly<Record<EngineEvent['type'], readonly (Told | undefined)[]>> = {
  added: [undefined],
  waiting: ['added', 'active', 'delayed', 'waiting-children', 'completed', 'failed'],
  active: ['ready'],
  delayed: ['added', 'active', 'delayed'],
  'waiting-children': ['active'],
  completed: ['active'],
  failed: ['active', 'ready', 'delayed', 'waiting-children'],
  progress: ['ready', 'active', 'delayed', 'waiting-children', 'completed', 'failed'],
  stalled: ['active'],
  duplicated: ['ready', 'active', 'delayed', 'waiting-children', 'completed', 'failed'],
  removed: ['ready', 'delayed', 'waiting-children', 'completed', 'failed'],
  'retries-exhausted': ['failed'],
  deduplicated: [],
  paused: [],
  resumed: [],
  drained: [],
  cleaned: [],
};

/** Listens to an engine, and holds what it tells against what it shows. */
export class Hearing {
  readonly #unheard: (EngineEvent & { readonly queue: string })[] = [];
  /** Since a claim came back with less than it asked for. */
  readonly #woken = new Set<string>();
  readonly #lastIds = new Map<string, number>();
  readonly #told = new Map<string, Told>();

  constructor(engine: Engine) {
    for (const queue of queues) {
      engine.events(queue, (event) => void this.#unheard.push({ ...event, queue }));
      engine.watch(queue, () => void this.#woken.add(queue));
    }
  }

  /** Takes note of what was told since: each event must be able to follow the one before it. */
  hear(): void {
    for (const event of this.#unheard.splice(0)) this.#hear(event);
  }

  /** What was told leads to what is seen. */
  assertTellsOf({ jobs }: Picture): void {
    for (const key of this.#told.keys()) if (!jobs[key]) this.#told.delete(key); // jobs that are not kept go in silence
    for (const [key, job] of Object.entries(jobs)) {
      const state = job.state === 'waiting' || job.state === 'prioritized' ? 'ready' : job.state;
      const told = this.#told.get(key);
      if (told !== state) throw new Error(`the events lead to ${key} being ${told}, but it is ${job.state}`);
    }
  }

  /** A worker has claimed and got less than it asked for: it will not ask again before it is woken. */
  sleeps(queue: string): void {
    this.#woken.delete(queue);
  }

  /** Whoever watches a queue knows that there is something to claim. */
  assertWoken(queue: string): void {
    if (!this.#woken.has(queue)) throw new Error(`queue ${queue} has a job to claim, but nobody was woken for it`);
  }

  /** What was told before a record was read is no news afterwards. */
  assertIsNow({ queue, eventId }: JobRecord): void {
    const last = this.#lastIds.get(queue) ?? 0;
    if (eventId < last) throw new Error(`a record of queue ${queue} says ${eventId}, but event ${last} came before`);
    this.#lastIds.set(queue, eventId);
  }

  #hear(event: EngineEvent & { readonly queue: string }): void {
    const { queue, jobId, type, id } = event;
    const key = `${queue}/${jobId}`;
    const state = this.#told.get(key);
    const tell = `event ${id} of ${queue}: ${type} of ${key}, which was ${state ?? 'unknown'}`;
    if (id <= (this.#lastIds.get(queue) ?? 0)) throw new Error(`${tell}: it is no news`);
    this.#lastIds.set(queue, id);
    if (jobId === '') return; // of the queue
    if (!comesIn[type].includes(state)) throw new Error(`I9: ${tell}`);
    if (type === 'waiting' && state !== (event.prev ?? 'added')) throw new Error(`I7: ${tell}, not ${event.prev}`);
    if (type === 'removed') this.#told.delete(key);
    else if (type === 'waiting') this.#told.set(key, 'ready');
    else if (leadsToItsName(type)) this.#told.set(key, type);
  }
}

function leadsToItsName(type: EngineEvent['type']): type is EngineEvent['type'] & Told {
  return ['added', 'active', 'delayed', 'waiting-children', 'completed', 'failed'].includes(type);
}
