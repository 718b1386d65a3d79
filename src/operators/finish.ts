import { tap, type MonoTypeOperatorFunction } from 'rxjs';
import { currentStep } from '../steps/current-step.js';
import { toEnd } from '../steps/route.js';

/**
 * Passes values on unchanged and notes that the job ends with this step: its output is the job's result. The note of the
 * last value counts, also against `goto`.
 *
 * @throws GateOutsideStepError when applied elsewhere than in a step method
 * @example
 * ```ts
 * return job.data.isTest ? of('skipped').pipe(finish()) : this.run(job.data);
 * ```
 */
export function finish<V>(): MonoTypeOperatorFunction<V> {
  return (source) => {
    const { route } = currentStep('finish');
    return source.pipe(
      tap(() => {
        route.noted = toEnd;
      }),
    );
  };
}
