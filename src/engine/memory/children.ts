import type { Waiting } from '../engine.js';
import type { ChildRecord, ParentLink } from '../records.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** How a child ended. */
export type ChildOutcome = Pick<ChildRecord, 'status' | 'value' | 'reason'>;

/** What a job waits for, that is in `waiting-children`. */
export interface Awaited extends Waiting {
  /** It was added with its children, and hasn't begun: each that fails decides at once what becomes of it. */
  readonly fresh?: true;
}

interface Group {
  readonly children: Set<ChildRecord>;
  pending: number;
  /** Children that failed or were removed and wake their parent at once (`continue`). */
  broken: number;
}

/** A parent's view of its children; it outlives their jobs. */
export class Children {
  /** Failures that keep the parent from completing (`fail`), until it has seen them. */
  failed = 0;
  readonly #byKey = new Map<string, Mutable<ChildRecord>>();
  /** Those that left their group broken; it is whole again when they are added anew. */
  readonly #missed = new Map<string, ChildRecord>();
  readonly #all: Group = newGroup();
  readonly #groups = new Map<string, Group>();

  has(queue: string, id: string): boolean {
    return this.#byKey.has(keyOf(queue, id));
  }

  add(queue: string, id: string, { group, onFailure }: ParentLink): void {
    const child: ChildRecord = { queue, id, group, onFailure, status: 'pending', value: undefined, reason: undefined };
    const missed = this.#missed.get(keyOf(queue, id));
    if (missed) for (const each of this.#groupsOf(missed)) each.broken--;
    this.#missed.delete(keyOf(queue, id));
    this.#byKey.set(keyOf(queue, id), child);
    for (const each of this.#groupsOf(child)) {
      each.children.add(child);
      each.pending++;
    }
  }

  /** Answers whether it is pending no more. */
  settle(queue: string, id: string, outcome: ChildOutcome): boolean {
    const child = this.#byKey.get(keyOf(queue, id));
    if (child?.status !== 'pending') return false;
    if (outcome.status === 'failed' && child.onFailure === 'wait') return false;
    if (outcome.status === 'failed' && child.onFailure === 'remove') return this.remove(queue, id);
    Object.assign(child, outcome);
    this.#count(child, -1, outcome.status === 'failed' ? 1 : 0);
    return true;
  }

  /** The child runs again. */
  reopen(queue: string, id: string): void {
    const child = this.#byKey.get(keyOf(queue, id));
    if (!child || child.status === 'pending') return;
    this.#count(child, 1, child.status === 'failed' ? -1 : 0);
    Object.assign(child, { status: 'pending', value: undefined, reason: undefined } satisfies ChildOutcome);
  }

  /** The child is gone; what is known of a finished one stays. Answers whether it was pending. */
  remove(queue: string, id: string): boolean {
    const key = keyOf(queue, id);
    const child = this.#byKey.get(key);
    if (child?.status !== 'pending') return false;
    this.#byKey.delete(key);
    for (const group of this.#groupsOf(child)) group.children.delete(child);
    this.#count(child, -1, child.onFailure === 'continue' ? 1 : 0);
    if (child.onFailure === 'continue') this.#missed.set(key, child);
    return true;
  }

  /** Whether what a parent waits for of its children has come. */
  settled({ groups = [], all, due, fresh }: Awaited): boolean {
    if (!all && groups.length === 0) return due === undefined; // nothing would ever wake it
    if (all && (this.#all.pending === 0 || this.failed > all.failuresSeen)) return true;
    if (fresh && this.#all.broken > 0) return true;
    return groups.some((name) => {
      const group = this.#groups.get(name);
      return group === undefined || group.pending === 0 || group.broken > 0;
    });
  }

  /** Copies, in the order in which they were added. */
  list(group?: string): readonly ChildRecord[] {
    const { children } = (group === undefined ? this.#all : this.#groups.get(group)) ?? newGroup();
    return Array.from(children, (child) => ({ ...child }));
  }

  #count(child: ChildRecord, pending: 1 | -1, failed: 1 | 0 | -1): void {
    if (child.onFailure === 'fail') this.failed += failed;
    for (const group of this.#groupsOf(child)) {
      group.pending += pending;
      if (child.onFailure === 'continue') group.broken += failed;
    }
  }

  *#groupsOf(child: ChildRecord): Iterable<Group> {
    yield this.#all;
    if (child.group === undefined) return;
    let group = this.#groups.get(child.group);
    if (!group) this.#groups.set(child.group, (group = newGroup()));
    yield group;
  }
}

function newGroup(): Group {
  return { children: new Set(), pending: 0, broken: 0 };
}

/** No queue's name has a colon. */
function keyOf(queue: string, id: string): string {
  return `${queue}:${id}`;
}
