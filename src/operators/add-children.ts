import type { MonoTypeOperatorFunction, Observable } from 'rxjs';
import type { ChildSpec } from '../steps/children.js';
import { currentStep } from '../steps/current-step.js';
import { checkOperator } from './check-operator.js';

/**
 * Adds child jobs for the values of its source and passes the values on. The step goes on beside them, but the job
 * doesn't complete before they have; one that fails for good fails it.
 *
 * @param childrenOf gives a child or an array of children for a value
 * @param options `key`: a name for the gate, unique in the step, in place of its position; `detached`: the
 *   jobs have no parent, and the job doesn't wait for them
 * @throws InvalidChildError, ConfigurationError as the stream's error, for a child that can't be added
 * @throws GateOutsideStepError when applied elsewhere than in a step method
 * @remarks No child is added twice, whatever crashes. At most 10,000 children.
 * @example
 * ```ts
 * return of(job.data).pipe(addChildren((order) => ({ queue: 'mail', name: 'confirm', data: order })));
 * ```
 */
export function addChildren<V>(
  childrenOf: (value: V, index: number) => ChildSpec | readonly ChildSpec[],
  options: { readonly key?: string; readonly detached?: boolean } = {},
): MonoTypeOperatorFunction<V> {
  checkOperator('addChildren', options, ['key', 'detached'], { childrenOf });
  return (source) =>
    currentStep('addChildren').gates.place(source, {
      kind: 'addChildren',
      key: options.key,
      children: childrenOf,
      onFailure: options.detached ? undefined : 'fail',
    }) as Observable<V>;
}
