import { appendFileSync, closeSync, fstatSync, openSync, readSync, watch } from 'node:fs';

/** A job of a queue, as logs and journals name it: `<queue>:<id>`. */
export type JobKey = string;

/** Something that a worker did to the world. */
export interface EffectLine {
  readonly type: 'effect';
  readonly job: JobKey;
  /** The lease of the activation that did it. */
  readonly token: string;
  /** `<step>/<visit>/<label>`. */
  readonly effect: string;
  readonly idempotencyKey: string;
}

/** A worker is about to ask the store for a write. */
export interface WriteLine {
  readonly type: 'write';
  readonly kind: string;
  readonly job: JobKey;
  readonly token: string;
  readonly seq: number;
  /** What the activation has done since its last write: no more to be done again, once this one is durable. */
  readonly effects: readonly string[];
}

export type Line = (
  | EffectLine
  | WriteLine
  | { readonly type: 'started' | 'closed' }
  | { readonly type: 'claimed'; readonly job: JobKey; readonly token: string }
  | {
      readonly type: 'refused';
      readonly job: JobKey;
      readonly token: string;
      readonly seq: number;
      readonly code: string;
    }
  /** To its operator. */
  | { readonly type: 'said'; readonly message: string }
  /** It kills or stops itself now. */
  | { readonly type: 'boundary'; readonly kind: string; readonly when: 'before' | 'after' }
) & { readonly worker: string; readonly pid: number; readonly at: number };

export type Unsigned<L> = L extends unknown ? Omit<L, 'worker' | 'pid' | 'at'> : never;

/** Appends lines to the file, each before the call returns, so that a killed process leaves what it did. */
export function appendTo(file: string, worker: string): (line: Unsigned<Line>) => void {
  const descriptor = openSync(file, 'a');
  return (line) =>
    appendFileSync(descriptor, `${JSON.stringify({ ...line, worker, pid: process.pid, at: Date.now() })}\n`);
}

/** What workers have appended to a file. */
export class LogFile {
  readonly path: string;
  readonly #lines: Line[] = [];
  #size = 0;
  #rest = '';

  constructor(path: string) {
    this.path = path;
    closeSync(openSync(path, 'a'));
  }

  /** All lines so far; those that were read before aren't read again. */
  read(): readonly Line[] {
    const descriptor = openSync(this.path, 'r');
    const added = Buffer.alloc(fstatSync(descriptor).size - this.#size);
    this.#size += readSync(descriptor, added, 0, added.length, this.#size);
    closeSync(descriptor);
    const rows = (this.#rest + added.toString('utf8')).split('\n');
    this.#rest = rows.pop()!; // nothing, or a line that is being written
    for (const row of rows) this.#lines.push(JSON.parse(row) as Line);
    return this.#lines;
  }

  /** Resolves with the first line that is like this, once it is there; each is looked at once. */
  until(isLike: (line: Line, index: number) => boolean): Promise<Line> {
    let seen = 0;
    return new Promise((resolve) => {
      const look = (): void => {
        const lines = this.read();
        while (seen < lines.length) {
          const line = lines[seen]!;
          if (!isLike(line, seen++)) continue;
          watcher.close();
          resolve(line);
          return;
        }
      };
      // the workers that write keep the process alive; when they are gone nothing comes any more
      const watcher = watch(this.path, { persistent: false }, look);
      look();
    });
  }
}
