/** Workers for orders, in a process of their own: `node worker-program.cjs '<list of WorkerConfig as JSON>'`. */
import { createApp, systemClock, type StepJob } from 'stepstream';
import { Link } from '../../src/engine/redis/link.js';
import { engineOn } from '../../src/engine/redis/store-engine.js';
import { Store } from '../../src/engine/redis/store.js';
import { WatchedEngine, type Boundary } from './boundary.js';
import { appendTo } from './log-file.js';
import { orderProcessors } from './orders.js';

export interface WorkerConfig {
  readonly name: string;
  readonly url: string;
  readonly prefix: string;
  /** The file to which it appends what it does. */
  readonly log: string;
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly boundary?: Boundary;
  readonly holds: boolean;
  /** Milliseconds, when it is asked to end. */
  readonly grace: number;
}

function work({ name, url, prefix, log, boundary, holds, grace, ...options }: WorkerConfig): void {
  const note = appendTo(log, name);
  const warn = (message: string): void => note({ type: 'said', message });

  const link = new Link({ connection: url, prefix, clock: systemClock, warn });
  const engine = engineOn(new Store({ link, prefix, clock: systemClock, process: name, warn }));
  const watched = new WatchedEngine(engine, note, boundary);

  const effect = (job: StepJob, label: string): (() => void) =>
    watched.effect(`${job.queueName}:${job.id}`, `${job.step}/${job.visit}/${label}`, job.idempotencyKeyFor(label));

  // so many deaths as here are no fault of the job
  const processors = orderProcessors({ ...options, maxStalledCount: 1_000, effect, holds });
  const app = createApp({ processors, connection: watched.engine, prefix, logger: { warn, error: warn } });
  async function close(): Promise<void> {
    await app.close({ grace });
    await engine.close();
    note({ type: 'closed' });
  }
  process.once('SIGTERM', () => void close());
  void app.start().then(() => note({ type: 'started' }));
}

process.setMaxListeners(100);
// the parent is gone; the line to it keeps nobody from ending
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
for (const config of JSON.parse(process.argv[2]!) as readonly WorkerConfig[]) work(config);
