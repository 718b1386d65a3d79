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
  /** Names of all that is, or may be, in the store. */
  readonly #sent: Set<string>;
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
    this.#sent = new Set(this.#fields.keys());
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

  /** How many were acknowledged. */
  get writes(): number {
    return this.#seq;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** {@link setAll} of one field. */
  set(field: string, value: string | undefined, what: string): void {
    const before = this.#fields.get(field);
    if (value === before) return;
    this.#refuse(this.#bytes + sizeOf(field, value) - sizeOf(field, before), what);
    this.#set(field, value);
  }

  /**
   * Sets fields, or removes those whose value is undefined: all or none.
   *
   * @param what names the values in the error
   * @throws CheckpointLimitError when all fields together become larger than 8 MiB
   */
  setAll(changes: readonly (readonly [field: string, value: string | undefined])[], what: string): void {
    let bytes = this.#bytes;
    for (const [field, value] of changes) bytes += sizeOf(field, value) - sizeOf(field, this.#fields.get(field));
    this.#refuse(bytes, what);
    for (const [field, value] of changes) if (value !== this.#fields.get(field)) this.#set(field, value);
  }

  #refuse(bytes: number, what: string): void {
    if (bytes > largestCheckpoint) {
      throw new CheckpointLimitError(
        `with ${what} the job's checkpoint has ${bytes} bytes, the limit is ${largestCheckpoint}: save references`,
      );
    }
    this.#bytes = bytes;
  }

  #set(field: string, value: string | undefined): void {
    const { fields } = this.#open();
    if (value !== undefined) {
      this.#fields.set(field, value);
      this.#namesLike(field).add(field);
      fields.set(field, value);
      return;
    }
    this.#fields.delete(field);
    this.#namesLike(field).delete(field);
    if (this.#sent.has(field)) fields.set(field, null);
    else fields.delete(field); // it never came to the store
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
      () => call(this.#write(unsaved, withCursor)),
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

  #write(unsaved: Unsaved | undefined, withCursor: boolean): Write {
    const seq = this.#seq + 1;
    const write: { -readonly [K in keyof Write]: Write[K] } = { seq };
    if (withCursor) write.cursor = this.#cursor(seq);
    if (!unsaved) return write;
    const { fields, progress, children } = unsaved;
    if (fields.size > 0) {
      write.fields = fields;
      for (const field of fields.keys()) this.#sent.add(field);
    }
    if (progress !== undefined) write.progress = progress;
    if (children.length > 0) write.children = children;
    return write;
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

function sizeOf(field: string, value: string | undefined): number {
  return value === undefined ? 0 : bytesOf(field) + bytesOf(value);
}

/** What was refused comes before what has been noted since. */
function merge(refused: Unsaved | undefined, later: Unsaved | undefined): Unsaved | undefined {
  if (!refused || !later) return refused ?? later;
  const progress = later.progress ?? refused.progress;
  return {
    ...(progress !== undefined && { progress }),
    fields: new Map([...refused.fields, ...later.fields]),
    children: [...refused.children, ...later.children],
    acknowledged: [...refused.acknowledged, ...later.acknowledged],
  };
}
