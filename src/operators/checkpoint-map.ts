import type { Observable, ObservableInput, ObservedValueOf, OperatorFunction } from 'rxjs';
import { currentStep } from '../steps/current-step.js';
import { checkOperator } from './check-operator.js';

/**
 * Does durable work for each value of its source: the values are saved first, then `project` runs for those that have no
 * saved result, and each result (the last value of its stream) is saved. After a crash, only unsaved items run again.
 * Results are emitted in the order of the items, each when it and all before it are saved.
 *
 * @param project gets the item, its index, and an idempotency key of its own
 * @param options `concurrency`: items at a time, 1 by default; `key`: a name for the gate, unique in the step
 * @throws ConfigurationError for a concurrency that isn't a whole number from 1 up
 * @throws GateOutsideStepError when applied elsewhere than in a step method
 * @example
 * ```ts
 * return from(job.data.recipients).pipe(
 *   checkpointMap((to, _index, key) => this.mail.send(to, key), { concurrency: 5 }),
 * );
 * ```
 */
export function checkpointMap<V, O extends ObservableInput<unknown>>(
  project: (value: V, index: number, idempotencyKey: string) => O,
  options: { readonly concurrency?: number; readonly key?: string } = {},
): OperatorFunction<V, ObservedValueOf<O>> {
  checkOperator('checkpointMap', options, ['key', 'concurrency'], { project });
  const { concurrency = 1, key } = options;
  return (source) =>
    currentStep('checkpointMap').gates.place(source, {
      kind: 'checkpointMap',
      key,
      items: { project, concurrency },
    }) as Observable<ObservedValueOf<O>>;
}
