import { isPromise, type Awaitable } from '../engine/awaitable.js';
import type { ChildRecord, Payload } from '../engine/records.js';
import type { Activation } from '../job/activation.js';
import type { Payloads } from '../job/payloads.js';
import { cursorOf, formatCursor, type Cursor } from './cursor.js';
import { hashOf } from '../job/hash.js';
import { Writer } from './writer.js';

/** The step of a job that was put back before a processor had taken it. */
export const notBegun = '';

interface ProgressOptions {
  /** Part of the idempotency keys. */
  readonly prefix: string;
  readonly payloads: Payloads;
  readonly firstStep: string;
  readonly lost: (error: unknown) => void;
}

/** How far a job has come: its cursor, what is saved of its steps, and the writer through which both are saved. */
export class Progress {
  readonly activation: Activation;
  readonly payloads: Payloads;
  readonly writer: Writer;
  /** The due time that the job was parked for, when it was a time that woke it; else -Infinity. */
  readonly wokenFor: number;
  readonly #prefix: string;
  #cursor: Cursor;
  #wakeDue: number | undefined;
  #asked = 0;

  /** @throws CorruptPayloadError when the cursor can't be read */
  constructor(activation: Activation, { prefix, payloads, firstStep, lost }: ProgressOptions) {
    const { checkpoint, attemptsMade } = activation.job;
    this.activation = activation;
    this.payloads = payloads;
    this.#prefix = prefix;
    this.#cursor = cursorOf(checkpoint, firstStep, attemptsMade);
    const { wake } = this.#cursor;
    this.wokenFor = wake && wake.seq === checkpoint?.seq ? wake.due : -Infinity;
    this.writer = new Writer(activation, checkpoint, (seq) => this.#formatCursor(seq), lost);
    const base = checkpoint?.attemptBase ?? this.#cursor.attemptBase;
    const attemptBase = base > attemptsMade ? 0 : base; // the counter was set back by a retry from outside (A3)
    if (attemptBase !== this.#cursor.attemptBase) this.change({ attemptBase });
  }

  get cursor(): Cursor {
    return this.#cursor;
  }

  /** The next write parks the job until this time. */
  sleepUntil(due: number): void {
    this.#wakeDue = due;
    this.writer.cursorChanged();
  }

  #formatCursor(seq: number): string {
    const wake = this.#wakeDue === undefined ? undefined : { due: this.#wakeDue, seq };
    return formatCursor({ ...this.#cursor, wake });
  }

  /** Travels with the next write; this alone is no reason for one. */
  change(change: Partial<Cursor>): void {
    this.#cursor = { ...this.#cursor, ...change };
    this.writer.cursorChanged();
  }

  /** Stable over retries and crashes, another one for each visit and run (S8). */
  get idempotencyKey(): string {
    const { queue, id, timestamp } = this.activation.job;
    return hashOf(this.#prefix, queue, id, timestamp, this.#cursor.run, this.#cursor.visit);
  }

  /** The output that is the input of the cursor's step, or the job's result. */
  get input(): Payload | undefined {
    const { from } = this.#cursor;
    return from === undefined ? undefined : this.writer.get(`o:${from}`);
  }

  /**
   * A step is finished: its output takes the place of its emission and gates, and the cursor moves on.
   *
   * @param next the step that follows; none: the job is at its end
   * @throws CheckpointLimitError
   */
  advance(step: string, output: Payload | undefined, next: string | undefined): void {
    const what = `the output of step ${step}`;
    const changes: [field: string, value: string | undefined][] = [['e', undefined]];
    for (const field of this.writer.names('g:', 'i:')) changes.push([field, undefined]);
    changes.push([`o:${step}`, output]);
    this.writer.setAll(changes, what);
    this.change({
      step: next,
      from: step,
      visit: this.#cursor.visit + (next === undefined ? 0 : 1),
      attemptBase: this.activation.job.attemptsMade,
      kinds: undefined,
      unknown: undefined,
    });
  }

  /** A step's former name gives way to the new one, in outputs and cursor. */
  rename(former: string, name: string): void {
    const output = this.writer.get(`o:${former}`);
    if (output !== undefined) {
      this.writer.setAll(
        [
          [`o:${former}`, undefined],
          [`o:${name}`, output],
        ],
        `the output of step ${name}`,
      );
    }
    if (this.#cursor.from === former) this.change({ from: name });
  }

  // --- gates ---

  /** Whether the gates that have records are the first ones of the code. */
  knows(kinds: readonly string[]): boolean {
    const known = (this.#cursor.kinds ?? []).every((kind, place) => kind === kinds[place]);
    if (known && this.#cursor.unknown) this.change({ unknown: undefined });
    return known;
  }

  /** A gate gets a record: the list of kinds is saved with it. */
  noteKinds(kinds: readonly string[]): void {
    if (kinds.length !== (this.#cursor.kinds?.length ?? 0)) this.change({ kinds: [...kinds] });
  }

  /** The job's children, or those of one group. */
  children(group?: string): Awaitable<readonly ChildRecord[]> {
    const answer = this.activation.children(group);
    if (!isPromise(answer)) return answer;
    this.#asked++;
    const answered = (): void => void this.#asked--;
    answer.then(answered, answered);
    return answer;
  }

  /** Whether an answer of the store is awaited that is none to a write. */
  get asking(): boolean {
    return this.#asked > 0;
  }

  // --- children that no gate of their own awaits ---

  /** Their groups, in the order in which they were added, for a gate that awaits them: they are its own from now on. */
  takeAddedGroups(): readonly string[] {
    const turnOf = (field: string): readonly number[] => this.writer.get(field)!.split('.').map(Number);
    const fields = this.writer.names('u:').toSorted((a, b) => {
      const [[visitA = 0, placeA = 0], [visitB = 0, placeB = 0]] = [turnOf(a), turnOf(b)];
      return visitA - visitB || placeA - placeB;
    });
    for (const field of fields) this.writer.set(field, undefined, 'the list of children');
    return fields.map((field) => field.slice(2));
  }

  noteAdded(group: string, place: number): void {
    this.writer.set(`u:${group}`, `${this.#cursor.visit}.${place}`, 'the list of children');
  }

  /** The failures among the job's other children have been told to the step: they are its own affair now. */
  noteFailuresSeen(children: readonly ChildRecord[]): void {
    const failuresSeen = children.filter((child) => child.status === 'failed' && child.onFailure === 'fail').length;
    if (failuresSeen !== this.#cursor.failuresSeen) this.change({ failuresSeen });
  }
}
