import { isDeepStrictEqual } from 'node:util';
import { checkEffects } from './check-effects.js';
import { checkHistory } from './check-history.js';
import { resultOf, resultOfChild } from './orders.js';
import { workerOf, type Run } from './run.js';

export interface Verdict {
  /** What is wrong, each with the rule that it breaks. */
  readonly faults: readonly string[];
  readonly figures: Figures;
}

export interface Figures {
  readonly orders: number;
  readonly children: number;
  readonly kills: number;
  readonly freezes: number;
  readonly effects: number;
  /** Effects that were done again. */
  readonly repeated: number;
  /** Activations that were taken over. */
  readonly takenOver: number;
  /** Of these, how many before their lease had run out: by the connection that was gone. */
  readonly takenOverByConnection: number;
  /** Writes of workers that had lost the job. */
  readonly refused: number;
  /** Milliseconds from each kill until another worker ran what the killed one had held, in ascending order. */
  readonly takeOverTimes: readonly number[];
}

export function judge(run: Run): Verdict {
  return { faults: [...checkStored(run), ...checkHistory(run), ...checkEffects(run)], figures: figuresOf(run) };
}

/** Everything that was added is completed, with the right result, and nothing else is left. */
function checkStored({ orders, histories, stored }: Run): readonly string[] {
  const faults = stored.leftovers.map((key) => `I6: nobody needs ${key} any more`);
  for (const [id, order] of orders) {
    if (!stored.results.has(`orders:${id}`)) faults.push(`I1: orders:${id} was added, and isn't completed`);
    else if (!isDeepStrictEqual(stored.results.get(`orders:${id}`), resultOf(order))) {
      faults.push(`I9: orders:${id} came to ${JSON.stringify(stored.results.get(`orders:${id}`))}`);
    }
  }
  for (const { job, name, data, parent } of histories.values()) {
    if (!parent && !orders.has(job.slice('orders:'.length))) faults.push(`C2: nobody has added ${job}`);
    if (!parent || isDeepStrictEqual(stored.results.get(job), resultOfChild(name, JSON.parse(data)))) continue;
    faults.push(`I9: ${job} came to ${JSON.stringify(stored.results.get(job))}`);
  }
  return faults;
}

function figuresOf({ orders, histories, lines, killed, frozen }: Run): Figures {
  const all = [...histories.values()];
  const effects = lines.flatMap((line) => (line.type === 'effect' ? [`${line.job} ${line.effect}`] : []));
  const deaths = all.flatMap(({ events }) =>
    events.flatMap((event, index) => {
      if (event.type !== 'stalled' || !event.lost) return [];
      const next = events.slice(index).find(({ type }) => type === 'active');
      const death = killed.get(workerOf(event.lost.token));
      return [{ sooner: event.at < event.lost.until, time: next && death && next.at - death }];
    }),
  );
  return {
    orders: orders.size,
    children: all.filter(({ parent }) => parent !== undefined).length,
    kills: killed.size,
    freezes: frozen.size,
    effects: effects.length,
    repeated: effects.length - new Set(effects).size,
    takenOver: deaths.length,
    takenOverByConnection: deaths.filter(({ sooner }) => sooner).length,
    refused: lines.filter(({ type }) => type === 'refused').length,
    takeOverTimes: deaths.flatMap(({ time }) => time ?? []).sort((a, b) => a - b),
  };
}
