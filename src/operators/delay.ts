import type { MonoTypeOperatorFunction, Observable } from 'rxjs';
import { currentStep } from '../steps/current-step.js';
import { checkOperator } from './check-operator.js';
import { dueOf, type Duration } from '../job/duration.js';

/**
 * Saves the values of its source, and passes them on when the time has come. Meanwhile the job is moved to delayed: no
 * worker is held, no timer kept, and whichever worker takes it then goes on here. An empty source doesn't sleep.
 *
 * ```
 * source  --a--b|
 * output  ------ 3 days ------(ab|)
 * ```
 *
 * @param due milliseconds, text like `'3 days'`, a Date, or a function of the values; counted from the source's
 *   completion; any length
 * @param options `key`: a name for the gate, unique in the step, in place of its position
 * @throws InvalidDurationError for what is negative or not understood: at the call for a constant, else as the stream's error
 * @throws GateOutsideStepError when applied elsewhere than in a step method
 * @remarks A saved due time stays when the length is changed in the code. rxjs' own `delay` holds the worker.
 * @example
 * ```ts
 * return of(order).pipe(delay('3 days'), concatMap((o) => this.mail.askForReview(o)));
 * ```
 */
export function delay<V>(
  due: Duration | ((values: V[]) => Duration),
  options: { readonly key?: string } = {},
): MonoTypeOperatorFunction<V> {
  checkOperator('delay', options, ['key']);
  if (typeof due !== 'function') dueOf(due, 0);
  const dueOfValues = typeof due === 'function' ? due : () => due;
  return (source) =>
    currentStep('delay').gates.place(source, { kind: 'delay', key: options.key, due: dueOfValues }) as Observable<V>;
}
