import { fork, type ChildProcess } from 'node:child_process';

/** How a process ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process with a worker, or with one on each of several stages. */
export class WorkerProcess {
  /** Of its first worker. */
  readonly name: string;
  readonly ended: Promise<End>;
  /** When it was killed, by the wall clock. */
  killedAt: number | undefined;
  /** When it was last stopped, and when it was to go on. */
  frozenAt: number | undefined;
  thawedAt: number | undefined;
  readonly #child: ChildProcess;
  #ending = false;

  /** @param program a bundled program, which gets the configs as JSON */
  constructor(program: string, configs: readonly { readonly name: string }[]) {
    this.name = configs[0]!.name;
    this.#child = fork(program, [JSON.stringify(configs)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        if (signal === 'SIGKILL') this.killedAt ??= Date.now();
        resolve({ code, signal });
      });
    });
  }

  /** It has not ended, and isn't about to. */
  get alive(): boolean {
    return !this.#ending && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(): Promise<End> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.killedAt ??= Date.now();
    this.#ending = true;
    this.#child.kill('SIGKILL');
    return this.ended;
  }

  freeze(): void {
    this.frozenAt = Date.now();
    this.thawedAt = undefined;
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.thawedAt = Date.now();
    this.#child.kill('SIGCONT');
  }

  /** Asks it to put back what it holds, and to end. */
  close(): Promise<End> {
    if (this.alive) this.#child.kill('SIGTERM'); // once: a second one ends it at once
    this.#ending = true;
    return this.ended;
  }
}
