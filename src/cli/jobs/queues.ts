import { exitCodes, type Command } from '../command.js';
import { storeOptions, withRedis } from '../store.js';
import { columns } from '../terminal/columns.js';
import { asJson } from '../terminal/json.js';
import { states } from './list.js';

export const queues: Command = {
  name: 'jobs queues',
  summary: 'the queues, with the number of jobs in each state',
  description: 'Lists the queues of a prefix, with the number of their jobs in each state, and of their workers.',
  arguments: [],
  options: storeOptions,
  async run(given, surroundings) {
    const found = await withRedis(given, surroundings, async (app) => {
      const names = await app.engine.queues();
      return Promise.all(
        names.map(async (name) => {
          const queue = app.queue(name);
          const [counts, paused, workers] = await Promise.all([
            queue.getJobCounts(...states),
            queue.isPaused(),
            queue.getWorkersCount(),
          ]);
          return { queue: name, counts, paused, workers };
        }),
      );
    });
    const { terminal } = surroundings;
    if (given.flag('json')) terminal.print(asJson({ queues: found }));
    else if (found.length === 0) terminal.print(terminal.style.dim('no queue has jobs under this prefix'));
    else {
      const rows = found.map(({ queue, counts, paused, workers }) => [
        paused ? `${queue} (paused)` : queue,
        ...states.map((state) => String(counts[state])),
        String(workers),
      ]);
      const head = ['QUEUE', ...states.map((state) => state.toUpperCase()), 'WORKERS'];
      for (const line of columns([head, ...rows])) terminal.print(line);
    }
    return exitCodes.ok;
  },
};
