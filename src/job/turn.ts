import { steadyTime, type Clock } from '../engine/clock.js';

const longestTurn = 10;
const mostTransitions = 1_000;

/**
 * One turn of the event loop, as a worker's loops see it: they count their transitions here and leave the loop when it
 * says so, so that timers fire although an engine answers at once.
 */
export class Turn {
  readonly #clock: Clock;
  #number = 0;
  #transitions = 0;
  #startedAt = 0;
  #counting = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A number that changes with each return to the event loop. */
  number(): number {
    if (!this.#counting) {
      this.#counting = true;
      this.#transitions = 0;
      this.#startedAt = steadyTime(this.#clock);
      this.#clock.after(0, () => {
        this.#counting = false;
        this.#number++;
      });
    }
    return this.#number;
  }

  /** Counts a transition; whether it is time to return to the event loop, after 10 ms or 1,000 of them. */
  spent(): boolean {
    this.number();
    return ++this.#transitions >= mostTransitions || steadyTime(this.#clock) - this.#startedAt >= longestTurn;
  }
}
