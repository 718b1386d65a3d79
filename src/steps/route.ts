import { UnknownStepError } from '../errors.js';

/** Where a job goes when its step completes. */
export type RouteTarget =
  | string
  // oxlint-disable-next-line local/no-any -- any step method, or a function of any value
  | ((...args: any[]) => unknown);

/** A route that ends the job: no step can have this name. */
export const toEnd = '=end';

/** The note that `goto` and `finish` leave: the step that follows this one, whatever the order of declaration. */
export class Route {
  /** The step's name, {@link toEnd}, or `undefined` for the next in order. */
  noted: string | undefined;
  readonly #step: string;
  readonly #nameOf: (target: unknown) => string | undefined;

  /** @param nameOf the name of a step that a name (a former one, too) or a step method stands for */
  constructor(step: string, nameOf: (target: unknown) => string | undefined) {
    this.#step = step;
    this.#nameOf = nameOf;
  }

  /**
   * What a target notes for each value: always the same, or what a function of the value says.
   *
   * @throws UnknownStepError for a constant target that isn't a step
   */
  to(target: RouteTarget): (value: unknown) => void {
    if (typeof target === 'function' && this.#nameOf(target) === undefined) {
      return (value) => {
        const chosen = target(value);
        this.noted = chosen === undefined || chosen === null ? undefined : this.#known(chosen);
      };
    }
    const name = this.#known(target);
    return () => {
      this.noted = name;
    };
  }

  #known(target: unknown): string {
    const name = this.#nameOf(target);
    if (name !== undefined) return name;
    throw new UnknownStepError(`goto(${describe(target)}) in step ${this.#step}: the processor has no such step`);
  }
}

function describe(target: unknown): string {
  return typeof target === 'string' ? `"${target.slice(0, 128)}"` : `a value of type ${typeof target}`;
}
