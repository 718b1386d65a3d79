import { UnsupportedStoreError } from '../../errors.js';
import type { Unsubscribe } from '../engine.js';

/** As `layout.lua` answers it. */
export type LayoutSigns = readonly [version: string, paused: number, marked: number];

export interface LayoutsHost {
  signsOf(queue: string): Promise<LayoutSigns>;
  /** The names of all connections that Redis knows. */
  clientNames(): Promise<readonly string[]>;
  /** The beginning of the names of the queue's workers. */
  workerNameOf(queue: string): string;
  warn(message: string): void;
}

/** Of which queues it is known that their layout is understood, and on which of them others work too. Asked once of each. */
export class Layouts {
  readonly #host: LayoutsHost;
  readonly #fine = new Set<string>();
  readonly #checks = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #warned = new Set<string>();

  constructor(host: LayoutsHost) {
    this.#host = host;
  }

  isFine(queue: string): boolean {
    return this.#fine.has(queue);
  }

  /** @throws UnsupportedStoreError when the queue is laid out as BullMQ did before 6; asks again then */
  check(queue: string): Promise<void> {
    let check = this.#checks.get(queue);
    if (!check) this.#checks.set(queue, (check = this.#check(queue).finally(() => this.#checks.delete(queue))));
    return check;
  }

  /** Calls `action` as soon as a check has found the queue fine; and begins one. */
  whenFine(queue: string, action: () => void): Unsubscribe {
    const waiting = this.#waiting.get(queue) ?? new Set();
    this.#waiting.set(queue, waiting.add(action));
    this.check(queue).catch(() => {}); // who claims is told, and asks again
    return () => void waiting.delete(action);
  }

  /** Warns once of each queue that workers of BullMQ work on, too. */
  async lookForOthers(queue: string): Promise<void> {
    const ours = this.#host.workerNameOf(queue);
    const plain = ours.slice(0, ours.indexOf(':w:'));
    const isOther = (name: string): boolean =>
      name === plain || (name.startsWith(`${plain}:w:`) && !name.startsWith(ours));
    const names = await this.#host.clientNames().catch(() => []); // the user may not be allowed to ask
    if (names.some(isOther)) this.warnOfOthers(queue);
  }

  warnOfOthers(queue: string): void {
    if (this.#warned.has(queue)) return;
    this.#warned.add(queue);
    this.#host.warn(
      `a BullMQ worker takes jobs of queue ${queue}, too, and knows nothing of their steps: stop it, or give it a queue of its own`,
    );
  }

  async #check(queue: string): Promise<void> {
    const [version, paused, marked] = await this.#host.signsOf(queue);
    const sign =
      (/^bullmq:[0-5]\./.test(version) && `its version is ${version}`) ||
      (paused > 0 && `it has a list of ${paused} paused jobs`) ||
      (marked > 0 && 'its waiting jobs hold a marker');
    if (sign) {
      throw new UnsupportedStoreError(
        `queue ${queue} is laid out as BullMQ did before 6 (${sign}): let BullMQ 6 take over first, all its clients and workers, and resume the queue`,
      );
    }
    this.#fine.add(queue);
    const waiting = this.#waiting.get(queue);
    this.#waiting.delete(queue);
    for (const action of waiting ?? []) action();
  }
}
