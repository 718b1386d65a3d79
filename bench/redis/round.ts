import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Figures, Load, SideName } from './workload.js';

/** What a round's process is asked to do: workloads, one after the other, each on an empty Redis. */
export interface Task {
  readonly url: string;
  readonly side: SideName;
  /** The file of a CPU profile. */
  readonly profile?: string;
  readonly runs: readonly Run[];
}

export interface Run {
  readonly row: string;
  readonly workload: string;
  readonly load: Load;
  /** How much of it is run before, to warm up; 0: nothing. */
  readonly warmUp: number;
}

export interface Finding extends Figures {
  readonly row: string;
  /** Jobs seen in Redis, by queue and state. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Runs a task in a process of its own, so that no side finds a heap or compiled code that the other has left. */
export function runRound(task: Task, limit: number): Promise<readonly Finding[]> {
  const what = `${task.side}: ${task.runs.map(({ row }) => row).join(', ')}`;
  const { promise, child } = start(task, what);
  const timer = setTimeout(() => child.kill('SIGKILL'), limit);
  return promise.finally(() => clearTimeout(timer));
}

function start(task: Task, what: string) {
  const entry = fileURLToPath(new URL('round-process.js', import.meta.url));
  const child = fork(entry, [JSON.stringify(task)], { execArgv: ['--expose-gc'] });
  const promise = new Promise<readonly Finding[]>((resolve, reject) => {
    let findings: readonly Finding[] | undefined;
    child.once('message', (message) => (findings = message as readonly Finding[]));
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (findings) resolve(findings);
      else reject(new Error(`${what}: the round ended with ${signal ?? code} and without figures`));
    });
  });
  return { promise, child };
}
