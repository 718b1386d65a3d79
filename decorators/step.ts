import type { ObservableInput, ObservedValueOf } from 'rxjs';
import { recordFor, type StepOptions } from '../src/steps/metadata.js';

/** A step: takes the job and the output of the step before, returns a stream. */
export type StepMethod = (job: any, input?: any) => ObservableInput<any>;

type Input<M> = M extends (job: any, input: infer I, ...rest: any[]) => any ? I : unknown;

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
    (ObservedValueOf<ReturnType<T[P]>> extends Input<M> ? unknown : { 'input does not take the output of': P }),
) => void;
export function Step(options: StepOptions & { readonly after?: string | undefined } = {}) {
  return (target: object, name: string | symbol, descriptor?: PropertyDescriptor): void => {
    const isStatic = typeof target === 'function';
    const record = recordFor(isStatic ? target : target.constructor);
    const at = `${(isStatic ? target : target.constructor).name}.${String(name)}`;
    if (isStatic || typeof name !== 'string' || typeof descriptor?.value !== 'function') {
      const message = '@Step stands on methods of instances only, not on properties, accessors, static or symbol members';
      record.faults.push({ code: 'STEP_ON_WRONG_TARGET', at, message });
    } else if (record.steps.some((step) => step.name === name)) {
      record.faults.push({ code: 'DUPLICATE_STEP', at, message: 'the class has two steps of this name: rename one' });
    } else {
      record.steps.push({ name, options: options as StepOptions });
    }
  };
}
