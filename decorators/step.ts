import type { ObservableInput, Subscribable } from 'rxjs';
import { recordFor, type StepOptions } from '../src/steps/metadata.js';

/** A step: takes the job and the output of the step before, returns a stream. */
export type StepMethod = (job: never, input: never) => ObservableInput<unknown> | Subscribable<unknown>;

type Input<M> = M extends (job: never, input: infer I, ...rest: never[]) => unknown ? I : unknown;
type Output<M extends StepMethod> =
  ReturnType<M> extends infer R ? (R extends ObservableInput<infer T> | Subscribable<infer T> ? T : never) : never;

/**
 * Makes a method a step of its processor: what it emits is saved, and a job resumes in it. Steps run in the order of
 * declaration. `after` doesn't order, it checks: it must name the step directly before, and the compiler then holds
 * the type of this step's input against that step's output.
 *
 * @example
 * ```ts
 * @Step({ after: 'charge', attempts: 5, backoff: { type: 'exponential', delay: 1_000 } })
 * ship(job: StepJob<Order>, receipt: Receipt) { return this.carrier.ship(job.data, receipt); }
 * ```
 */
export function Step(
  options?: StepOptions & { readonly after?: undefined },
): <M extends StepMethod>(target: object, name: string, descriptor: TypedPropertyDescriptor<M>) => void;
export function Step<P extends string>(
  options: StepOptions & { readonly after: P },
): <M extends StepMethod, T extends { [K in P]: StepMethod }>(
  target: T,
  name: string,
  descriptor: TypedPropertyDescriptor<M> &
    (Output<T[P]> extends Input<M> ? unknown : { 'input does not take the output of': P }),
) => void;
export function Step(options: object = {}, ...place: readonly unknown[]): unknown {
  if (place.length > 0) {
    const message = 'write @Step(), with parentheses';
    recordFor(options).mistakes.push({ code: 'DECORATOR_NOT_CALLED', member: String(place[0]), message });
    return undefined; // what a decorator returns would replace the method
  }
  return (target: unknown, name: unknown, descriptor?: PropertyDescriptor): void => {
    // a standard decorator is given the method and not its class: @Processor tells of it
    const record = recordFor(target);
    const member = String(name);
    if (typeof target === 'function' || typeof name !== 'string' || typeof descriptor?.value !== 'function') {
      const message =
        '@Step stands on methods of instances only, not on properties, accessors, static or symbol members';
      record.mistakes.push({ code: 'STEP_ON_WRONG_TARGET', member, message });
    } else if (record.steps.some((step) => step.name === name)) {
      const message = 'the class has two steps of this name, or @Step stands on it twice';
      record.mistakes.push({ code: 'DUPLICATE_STEP', member, message });
    } else {
      record.steps.push({ name, options });
    }
  };
}
