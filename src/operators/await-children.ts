import type { Observable, OperatorFunction } from 'rxjs';
import type { ChildOutcome, ChildSpec } from '../steps/children.js';
import { currentStep } from '../steps/current-step.js';
import { checkOperator } from './check-operator.js';

type ChildrenOf<V> = (value: V, index: number) => ChildSpec | readonly ChildSpec[];

/**
 * Adds child jobs for the values of its source and waits for them: the job is moved to waiting-children, and whichever
 * worker takes it when all are done passes on **one array** of their results, in order. Without children: `[]` at once.
 *
 * ```
 * source  --p--q|
 * output  ------ … children run … ------([r,s]|)
 * ```
 *
 * Without `childrenOf` it waits for all children that no other gate awaits: those of `addChildren`, by gate and index, then
 * attached ones (a flow's), by queue and id. The values of its source are dropped.
 *
 * @param childrenOf gives a child or an array of children for a value
 * @param options `key`: a name for the gate, unique in the step, in place of its position; `settled`: wait until all have
 *   ended, and pass on `{ status, value | reason }` for each, like `Promise.allSettled`
 * @throws ChildFailedError as the stream's error, when a child fails for good or is removed, unless `settled`
 * @throws InvalidChildError, ConfigurationError as the stream's error, for a child that can't be added
 * @throws GateOutsideStepError when applied elsewhere than in a step method
 * @remarks No child is added twice, whatever crashes. At most 10,000 children. A failure is read from the store at each
 *   activation: retrying the child, then the job, works.
 * @example
 * ```ts
 * return from(job.data.parcels).pipe(
 *   awaitChildren((parcel) => ({ queue: ParcelProcessor, name: 'ship', data: parcel })),
 * );
 * ```
 */
export function awaitChildren<V, R = any>(
  childrenOf: ChildrenOf<V> | undefined,
  options?: { readonly key?: string; readonly settled?: false },
): OperatorFunction<V, R[]>;
/** Waits until all children have ended, however they did. */
export function awaitChildren<V, R = any>(
  childrenOf: ChildrenOf<V> | undefined,
  options: { readonly key?: string; readonly settled: true },
): OperatorFunction<V, ChildOutcome<R>[]>;
/** Waits for all children that no other gate awaits. */
export function awaitChildren<V, R = any>(): OperatorFunction<V, R[]>;
export function awaitChildren<V>(
  childrenOf?: ChildrenOf<V>,
  options: { readonly key?: string; readonly settled?: boolean } = {},
): OperatorFunction<V, unknown[]> {
  checkOperator('awaitChildren', options, ['key', 'settled'], childrenOf === undefined ? {} : { childrenOf });
  const { key, settled = false } = options;
  return (source) =>
    currentStep('awaitChildren').gates.place(source, {
      kind: 'awaitChildren',
      key,
      ...(childrenOf && { children: childrenOf }),
      awaits: childrenOf ? 'own' : 'others',
      onFailure: settled ? 'ignore' : 'continue',
    }) as Observable<unknown[]>;
}
