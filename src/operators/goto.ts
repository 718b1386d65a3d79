import { tap, type MonoTypeOperatorFunction, type ObservableInput, type Subscribable } from 'rxjs';
import { currentStep } from '../steps/current-step.js';

/** What a step method returns. */
type Stream = ObservableInput<unknown> | Subscribable<unknown>;

/**
 * Passes values on unchanged and notes which step follows when this one completes; the note of the last value counts.
 * Earlier steps may be named: each entry into a step is a new visit with fresh gates, and the state of a loop stays constant.
 *
 * @param target a step method of the processor, a step's name, or a function of the value that gives a step's name, or
 *   nothing for the next step in order
 * @throws UnknownStepError for a step that the processor hasn't: at the call for a constant, else as the stream's error
 * @throws GateOutsideStepError when applied elsewhere than in a step method
 * @example
 * ```ts
 * return this.carrier.track(job.data).pipe(
 *   delay('1 hour'),
 *   goto((status) => (status.delivered ? undefined : 'track')),   // ask again in an hour
 * );
 * ```
 */
export function goto<V>(target: (value: V) => string | undefined | void): MonoTypeOperatorFunction<V>;
// oxlint-disable-next-line local/no-any -- the job of any step
export function goto<V>(target: (job: any, input: V) => Stream): MonoTypeOperatorFunction<V>;
export function goto<V>(target: string): MonoTypeOperatorFunction<V>;
// oxlint-disable-next-line local/no-any -- the implementation of the above
export function goto<V>(target: string | ((...args: any[]) => unknown)): MonoTypeOperatorFunction<V> {
  return (source) => source.pipe(tap<V>(currentStep('goto').route.to(target)));
}
