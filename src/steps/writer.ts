import { CheckpointLimitError } from '../errors.js';
import { whenReady, type Awaitable } from '../engine/awaitable.js';
import type { Checkpoint, NewJob, Payload, Write } from '../engine/records.js';
import type { Activation } from '../job/activation.js';
import { bytesOf } from '../job/payloads.js';

const largestCheckpoint = 8 * 1024 * 1024;

interface Unsaved {
  readonly fields: Map<string, string | null>;
  progress?: Payload;
  children: NewJob[];
  /** Called, in order, once all of it is acknowledged. */
  readonly acknowledged: (() => void)[];
}

interface WriteCallbacks<A> {
  /** Whether the answer means that nothing was written: then all stays unsaved. */
  readonly refused?: (answer: A) => boolean;
  /** Called before those who wait for the acknowledgement of a part. */
  readonly answered?: (answer: A) => void;
  /** Called after them. */
  readonly acknowledged?: () => void;
}

/**
 * Collects what a job has unsaved and writes it, one write at a time: what comes up while one is under way travels with
 * the next. Holds the fields as they will be once all is saved.
 */
export class Writer {
  readonly #activation: Activation;
  readonly #cursor: (seq: number) => string;
  readonly #lost: (error: unknown) => void;
  readonly #fields: Map<string, string>;
  /** Their names, by all that stands up to the colon: a job of many steps must not look through all of them. */
  readonly #byPrefix = new Map<string, Set<string>>();
  #cursorChanged: boolean;
  #seq: number;
  #bytes = 0;
  #unsaved: Unsaved | undefined;
  #busy = false;
  #next: (() => void) | undefined;
  #closed = false;

  /** @param cursor asked with each write that has to carry it: the first, and those after `cursorChanged()` */
  constructor(
    activation: Activation,
    checkpoint: Checkpoint | undefined,
    cursor: (seq: number) => string,
    lost: (error: unknown) => void,
  ) {
    this.#activation = activation;
    this.#cursor = cursor;
    this.#lost = lost;
    this.#cursorChanged = !checkpoint || checkpoint.seq === 0;
    this.#seq = checkpoint?.seq ?? 0;
    this.#fields = new Map(checkpoint?.fields);
    for (const [field, value] of this.#fields) {
      this.#bytes += bytesOf(field) + bytesOf(value);
      this.#namesLike(field).add(field);
    }
  }

  /** A field as it stands, unsaved changes included. */
  get(field: string): string | undefined {
    return this.#fields.get(field);
  }

  /** Names of the fields that begin with one of these, such as `g:`. */
  names(...prefixes: readonly string[]): readonly string[] {
    return prefixes.flatMap((prefix) => [...(this.#byPrefix.get(prefix) ?? [])]);
  }

  get dirty(): boolean {
    return this.#unsaved !== undefined;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** {@link setAll} of one field. */
  set(field: string, value: string | undefined, what: string): void {
    this.setAll([[field, value]], what);
  }

  /**
   * Sets fields, or removes those whose value is undefined: all or none.
   *
   * @param what names the values in the error
   * @throws CheckpointLimitError when all fields together become larger than 8 MiB
   */
  setAll(changes: readonly (readonly [field: string, value: string | undefined])[], what: string): void {
    const news = changes.filter(([field, value]) => value !== this.#fields.get(field));
    const sizeOf = (field: string, value: string | undefined): number =>
      value === undefined ? 0 : bytesOf(field) + bytesOf(value);
    let bytes = this.#bytes;
    for (const [field, value] of news) bytes += sizeOf(field, value) - sizeOf(field, this.#fields.get(field));
    if (bytes > largestCheckpoint) {
      throw new CheckpointLimitError(
        `with ${what} the job's checkpoint has ${bytes} bytes, the limit is ${largestCheckpoint}: save references`,
      );
    }
    this.#bytes = bytes;
    for (const [field, value] of news) {
      if (value === undefined) {
        this.#fields.delete(field);
        this.#namesLike(field).delete(field);
      } else {
        this.#fields.set(field, value);
        this.#namesLike(field).add(field);
      }
      this.#open().fields.set(field, value ?? null);
    }
  }

  /** The next write carries the cursor; this alone is no reason for a write. */
  cursorChanged(): void {
    this.#cursorChanged = true;
  }

  setProgress(progress: Payload): void {
    this.#open().progress = progress;
  }

  addChildren(children: readonly NewJob[]): void {
    this.#open().children.push(...children);
  }

  /** Calls back when everything that is unsaved now is acknowledged. */
  whenSaved(acknowledged: () => void): void {
    this.#open().acknowledged.push(acknowledged);
  }

  /** Saves what is unsaved, and calls back when it is acknowledged. */
  save(acknowledged: () => void): void {
    this.send((write) => this.#activation.checkpoint(write), { acknowledged });
  }

  /** Sends a write of any kind with everything that is unsaved, once the write under way is acknowledged. */
  send<A>(call: (write: Write) => Awaitable<A>, on: WriteCallbacks<A>): void {
    if (this.#closed) return;
    if (this.#busy) {
      this.#next = () => this.send(call, on);
      return;
    }
    const unsaved = this.#unsaved;
    const withCursor = this.#cursorChanged;
    this.#unsaved = undefined;
    this.#cursorChanged = false;
    this.#busy = true;
    whenReady(
      () =>
        call({
          seq: this.#seq + 1,
          ...(withCursor && { cursor: this.#cursor(this.#seq + 1) }),
          ...(unsaved && contentOf(unsaved)),
        }),
      (answer) => {
        this.#busy = false;
        const written = !on.refused?.(answer);
        if (written) this.#seq++;
        else {
          this.#unsaved = merge(unsaved, this.#unsaved);
          this.#cursorChanged ||= withCursor;
        }
        on.answered?.(answer);
        if (written) for (const each of unsaved?.acknowledged ?? noCalls) each();
        on.acknowledged?.();
        const next = this.#next;
        this.#next = undefined;
        next?.();
      },
      this.#lost,
    );
  }

  #namesLike(field: string): Set<string> {
    const prefix = field.slice(0, field.indexOf(':') + 1);
    let names = this.#byPrefix.get(prefix);
    if (!names) this.#byPrefix.set(prefix, (names = new Set()));
    return names;
  }

  /** The activation is over: nothing more is written. */
  close(): void {
    this.#closed = true;
  }

  #open(): Unsaved {
    return (this.#unsaved ??= { fields: new Map(), children: [], acknowledged: [] });
  }
}

const noCalls: readonly (() => void)[] = [];

function contentOf({ fields, progress, children }: Unsaved): Omit<Write, 'seq' | 'cursor'> {
  return {
    ...(fields.size > 0 && { fields }),
    ...(progress !== undefined && { progress }),
    ...(children.length > 0 && { children }),
  };
}

/** What was refused comes before what has been noted since. */
function merge(refused: Unsaved | undefined, later: Unsaved | undefined): Unsaved | undefined {
  if (!refused || !later) return refused ?? later;
  return {
    ...contentOf(refused),
    ...contentOf(later),
    fields: new Map([...refused.fields, ...later.fields]),
    children: [...refused.children, ...later.children],
    acknowledged: [...refused.acknowledged, ...later.acknowledged],
  };
}
