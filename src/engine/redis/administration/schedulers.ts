import { JobStateError } from '../../../errors.js';
import type { Administration, NewScheduler, Repeat, SchedulerRecord } from '../../admin.js';
import { loadPatterns, nextByPattern, timesByPattern } from '../../schedules.js';
import { optional, type Arguments } from '../arguments.js';
import { scripts } from '../scripts.js';
import type { Store } from '../store.js';
import { optionsOf, templateText } from '../stored-options.js';

type SchedulerCalls = Pick<
  Administration,
  'upsertScheduler' | 'scheduler' | 'schedulers' | 'schedulerCount' | 'removeScheduler'
>;

/** The part of the Redis engine's administration that is about job schedulers, in BullMQ's layout. */
export function schedulerCalls(store: Store): SchedulerCalls {
  return {
    async upsertScheduler(queue, scheduler) {
      const { id, repeat } = scheduler;
      if (!store.layouts.isFine(queue)) await store.layouts.check(queue);
      const now = Math.floor(store.clock.now());
      if (now > (repeat.endDate ?? Infinity) || (repeat.limit ?? 1) < 1) return undefined;
      if (repeat.pattern !== undefined) await loadPatterns();
      let never = true;
      for (const due of timesOf(repeat, now)) {
        const job = await upsert(store, queue, scheduler, now, due);
        if (job !== undefined) return job;
        never = false;
      }
      if (never) return undefined;
      throw new JobStateError(
        `job scheduler "${id}" of queue ${queue} was not changed: there are jobs already by the ids of its next ones`,
      );
    },

    async scheduler(queue, id) {
      return schedulersOf(await store.ask(scripts.schedulers, [queue, 1, id]))[0];
    },

    async schedulers(queue, start, end, ascending) {
      return schedulersOf(await store.ask(scripts.schedulers, [queue, 0, start, end, ascending ? 1 : 0]));
    },

    schedulerCount: (queue) => store.send('ZCARD', [store.keyOf(queue, 'repeat')]) as Promise<number>,

    removeScheduler: (queue, id) => store.did(scripts.removeScheduler, [queue, id]),
  };
}

/** When the next job may be due by the pattern; an interval is counted where the scheduler is. @throws when the pattern can't be read */
function* timesOf(repeat: Repeat, now: number): Generator<number | undefined> {
  if (repeat.pattern === undefined) {
    yield undefined;
    return;
  }
  if (repeat.immediately) {
    nextByPattern(repeat, now); // can it be read?
    yield now;
  }
  yield* timesByPattern(repeat, now);
}

/**
 * The next job's id, or `undefined` when it is taken.
 *
 * @param due by the pattern
 */
async function upsert(
  store: Store,
  queue: string,
  { id, repeat, name, data, opts }: NewScheduler,
  now: number,
  due: number | undefined,
): Promise<string | undefined> {
  const { immediately: _, offset: anyOffset, ...kept } = repeat;
  const offset = repeat.every && anyOffset ? anyOffset : undefined;
  const next = { ...opts, repeat: { ...kept, offset, count: 1 }, timestamp: now, prevMillis: due, repeatJobKey: id };
  const args: Arguments = [store.newCallId(), queue, id, name];
  optional(args, data);
  args.push(templateText(opts), templateText(next));
  for (const each of [due === undefined ? repeat.every : undefined, offset, due, repeat.startDate])
    optional(args, each);
  const fields = Object.entries(kept).flatMap((field) => (field[1] === undefined ? [] : field));
  args.push(fields.length, ...fields);
  const [job] = await store.ask(scripts.upsertScheduler, args);
  return job as string | undefined;
}

/** In threes: id, when its next job is due, its hash. */
function schedulersOf(answers: readonly unknown[]): readonly SchedulerRecord[] {
  const schedulers: SchedulerRecord[] = [];
  for (let i = 0; i < answers.length; i += 3) {
    schedulers.push(schedulerOf(String(answers[i]), Number(answers[i + 1]), answers[i + 2] as readonly string[]));
  }
  return schedulers;
}

function schedulerOf(id: string, next: number, fields: readonly string[]): SchedulerRecord {
  const hash = new Map<string, string>();
  for (let i = 0; i < fields.length; i += 2) hash.set(fields[i]!, fields[i + 1]!);
  return {
    id,
    repeat: repeatOf(hash),
    name: hash.get('name') ?? '',
    data: hash.has('su') ? undefined : (hash.get('data') ?? '{}'),
    opts: optionsOf(hash.get('opts')),
    next,
    iterations: Number(hash.get('ic') ?? 0),
  };
}

function repeatOf(hash: ReadonlyMap<string, string>): Repeat {
  const repeat: Record<string, string | number> = {};
  for (const name of ['pattern', 'tz']) if (hash.has(name)) repeat[name] = hash.get(name)!;
  for (const name of ['every', 'limit', 'startDate', 'endDate', 'offset']) {
    if (hash.has(name)) repeat[name] = Number(hash.get(name));
  }
  return repeat;
}
