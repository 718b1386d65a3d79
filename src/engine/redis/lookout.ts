import type { Cancel, Clock } from '../clock.js';

/** How often, within the timeout, it looks. */
const looks = 20;

export interface LookoutOptions {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly timeout: number;
  /** Called at each look; answers whether there will be something to look at later. */
  onLook(): boolean;
  /** Something was sent a timeout ago, and isn't answered. */
  onSilence(): void;
}

/**
 * Notices, with one timer for everything that is on its way, that an answer fails to come. Answers come in the order of what was
 * sent, so it is enough to count both.
 */
export class Lookout {
  sent = 0;
  answered = 0;
  /** How often it has looked. */
  #looked = 0;
  readonly #options: LookoutOptions;
  #sentAtLooks: number[] = [];
  #timer: Cancel | undefined;

  constructor(options: LookoutOptions) {
    this.#options = options;
  }

  /** Looks from now on, until there is nothing to look at. */
  start(): void {
    const { clock, timeout } = this.#options;
    this.#timer ??= clock.after(timeout / looks, this.#look);
  }

  stop(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  /** For {@link isOver}: from now on. */
  get begun(): number {
    return this.#looked;
  }

  /**
   * Whether it has looked so often since then as it does within the timeout. By the clock alone what was asked would be over when the
   * process has stood still, before it could see the answer (R13).
   */
  isOver(begun: number): boolean {
    return this.#looked - begun >= looks;
  }

  get held(): number {
    return this.#timer ? 1 : 0;
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    this.#looked++;
    const more = this.#options.onLook();
    this.#sentAtLooks.push(this.sent);
    if (this.#sentAtLooks.length > looks && this.answered < this.#sentAtLooks.shift()!) this.#options.onSilence();
    if (more || this.answered < this.sent) this.start();
    else this.#sentAtLooks = [];
  };
}
