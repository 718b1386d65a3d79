import type { MonoTypeOperatorFunction, Observable } from 'rxjs';
import { currentStep } from '../steps/current-step.js';
import { checkOperator } from './check-operator.js';

/**
 * Collects the values of its source, saves them, and passes them on once the store has acknowledged it. When the job
 * resumes, the saved values are passed on at once, and the source is not subscribed: what stands above runs once.
 *
 * ```
 * first run      source  --a--b|
 *                output  ------(ab|)      saved, then passed on
 * every later    source                   not subscribed
 *                output  (ab|)
 * ```
 *
 * @param options `key`: a name for the gate, unique in the step, in place of its position
 * @throws GateOutsideStepError when applied elsewhere than in a step method
 * @example
 * ```ts
 * return this.payments.charge(job.data, job.idempotencyKey).pipe(
 *   checkpoint(),                                             // the charge is never made twice
 *   concatMap((receipt) => this.mail.send(receipt)),
 * );
 * ```
 */
export function checkpoint<V>(options: { readonly key?: string } = {}): MonoTypeOperatorFunction<V> {
  checkOperator('checkpoint', options, ['key']);
  return (source) =>
    currentStep('checkpoint').gates.place(source, { kind: 'checkpoint', key: options.key }) as Observable<V>;
}
