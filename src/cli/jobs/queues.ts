import { StoreFaultError, type Queue } from '../../index.js';
import { exitCodes, type Command } from '../command.js';
import { storeOptions, withRedis } from '../store.js';
import { columns } from '../terminal/columns.js';
import { asJson } from '../terminal/json.js';
import { printable } from '../terminal/printable.js';
import { states } from './list.js';

export const queues: Command = {
  name: 'jobs queues',
  summary: 'the queues, with the number of jobs in each state',
  description: 'Lists the queues of a prefix, with the number of their jobs in each state, and of their workers.',
  arguments: [],
  options: storeOptions,
  async run(given, surroundings) {
    const looks = await withRedis(given, surroundings, async (app) =>
      Promise.all((await app.engine.queues()).map((name) => lookAt(app.queue(name)))),
    );
    const seen = looks.filter((look): look is QueueSummary => !('error' in look));
    const unreadable = looks.filter((look): look is Unreadable => 'error' in look);
    const { terminal } = surroundings;
    if (given.flag('json')) terminal.print(asJson({ queues: looks }));
    else {
      if (looks.length === 0) terminal.print(terminal.style.dim('no queue has jobs under this prefix'));
      if (seen.length > 0) for (const line of tableOf(seen)) terminal.print(line);
      for (const { queue, error } of unreadable) terminal.complain(printable(`queue ${queue}: ${error.message}`));
    }
    return unreadable.length > 0 ? exitCodes.found : exitCodes.ok;
  },
};

interface QueueSummary {
  readonly queue: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly paused: boolean;
  readonly workers: number;
}

/** What another program has written into. */
interface Unreadable {
  readonly queue: string;
  readonly error: { readonly code: string; readonly message: string };
}

async function lookAt(queue: Queue): Promise<QueueSummary | Unreadable> {
  try {
    const [counts, paused, workers] = await Promise.all([
      queue.getJobCounts(...states),
      queue.isPaused(),
      queue.getWorkersCount(),
    ]);
    return { queue: queue.name, counts, paused, workers };
  } catch (error) {
    if (!(error instanceof StoreFaultError)) throw error;
    return { queue: queue.name, error: { code: error.code, message: error.message } };
  }
}

function tableOf(seen: readonly QueueSummary[]): readonly string[] {
  const rows = seen.map(({ queue, counts, paused, workers }) => [
    paused ? `${queue} (paused)` : queue,
    ...states.map((state) => String(counts[state])),
    String(workers),
  ]);
  return columns([['QUEUE', ...states.map((state) => state.toUpperCase()), 'WORKERS'], ...rows]);
}
