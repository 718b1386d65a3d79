import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { countdown } from './countdown.js';
import type { Stage } from './stage.js';
import type { Figures, SideName } from './workload.js';

/** What a side gives for the row: a job in a queue, and a worker whose jobs call `begun` and take as long as it says. */
export interface TakeOverSide {
  readonly name: SideName;
  /** Milliseconds over which the workers' starts are spread, so that their timers are in every phase. */
  readonly spread: number;
  add(url: string, queue: string): Promise<void>;
  work(url: string, queue: string, begun: () => Promise<void>): Promise<() => Promise<void>>;
}

/** Of what the victim is told. */
export interface VictimTask {
  readonly url: string;
  readonly side: SideName;
  readonly queues: readonly string[];
  readonly spread: number;
}

/**
 * A process that holds a job in each of some queues is killed; each sample is the time from there until another process,
 * which has been idle on the same queues, begins the job.
 */
export async function takeOver(stage: Stage, side: TakeOverSide, size: number): Promise<Figures> {
  const queues = Array.from({ length: size }, (_, index) => `take-over-${index}`);
  for (const queue of queues) await side.add(stage.url, queue);
  const victim = await startVictim({ url: stage.url, side: side.name, queues, spread: side.spread / 2 });

  const samples: number[] = [];
  const all = countdown(size);
  let killedAt = Infinity;
  const begun = async (): Promise<void> => {
    samples.push(performance.now() - killedAt);
    all.hit();
  };
  const closers: (() => Promise<void>)[] = [];
  for (const queue of queues) {
    closers.push(await side.work(stage.url, queue, begun));
    await sleep(side.spread / size);
  }
  if (samples.length > 0) throw new Error('a job was taken over while its worker was alive');
  killedAt = performance.now();
  victim.kill('SIGKILL');
  await all.reached;
  for (const queue of queues) await stage.holds(queue, 'completed', 1);
  await Promise.all(closers.map((close) => close()));
  return { samples };
}

async function startVictim(task: VictimTask) {
  const victim = fork(fileURLToPath(new URL('victim.js', import.meta.url)), [JSON.stringify(task)], { execArgv: [] });
  const [message] = (await once(victim, 'message')) as [unknown];
  if (message !== 'holding') throw new Error(`the victim says ${String(message)}`);
  return victim;
}
