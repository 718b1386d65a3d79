import type { Observable, OperatorFunction } from 'rxjs';
import type { ChildSpec } from '../steps/children.js';
import { currentGates } from '../steps/current-step.js';

/**
 * Adds child jobs for the values of its source and waits for them: the job is moved to waiting-children, and whichever
 * worker takes it when all are done passes on **one array** of their results, in order. Without children: `[]` at once.
 *
 * ```
 * source  --p--q|
 * output  ------ … children run … ------([r,s]|)
 * ```
 *
 * @param childrenOf gives a child or an array of children for a value
 * @param options `key`: a name for the gate, unique in the step, in place of its position
 * @throws ChildFailedError as the stream's error, when a child fails for good or is removed
 * @throws InvalidChildError, ConfigurationError as the stream's error, for a child that can't be added
 * @throws GateOutsideStepError when applied elsewhere than in a step method
 * @remarks No child is added twice, whatever crashes. At most 10,000 children.
 * @example
 * ```ts
 * return from(job.data.parcels).pipe(
 *   awaitChildren((parcel) => ({ queue: ParcelProcessor, name: 'ship', data: parcel })),
 * );
 * ```
 */
export function awaitChildren<V, R = any>(
  childrenOf: (value: V, index: number) => ChildSpec | readonly ChildSpec[],
  options: { readonly key?: string } = {},
): OperatorFunction<V, R[]> {
  return (source) =>
    currentGates('awaitChildren').place(source, {
      kind: 'awaitChildren',
      key: options.key,
      children: childrenOf,
      awaits: true,
    }) as Observable<R[]>;
}
