import { Observable, from, isObservable, observable, type InteropObservable } from 'rxjs';
import { StepReturnError } from '../errors.js';

/**
 * What a step method returned as an Observable: one, a promise, an async iterable, or an object with `subscribe`.
 *
 * @throws StepReturnError for anything else, arrays and strings too
 */
export function streamOf(returned: unknown, step: string): Observable<unknown> {
  if (isObservable(returned)) return returned;
  if (isObject(returned)) {
    if (typeof returned['then'] === 'function') return from(returned as unknown as PromiseLike<unknown>);
    if (Symbol.asyncIterator in returned) return from(returned as unknown as AsyncIterable<unknown>);
    if (observable in returned) return from(returned as unknown as InteropObservable<unknown>);
    if (typeof returned['subscribe'] === 'function') return subscribable(returned as unknown as Subscribable);
  }
  throw new StepReturnError(
    `step ${step} returned ${describe(returned)}: return an Observable (of(…) for a plain value), a promise or an async iterable`,
  );
}

/** An async method that returns an Observable, most likely. */
export function observableInside(step: string): StepReturnError {
  return new StepReturnError(
    `step ${step} emitted an Observable: a promise or stream of one is not subscribed. Return the Observable itself, or concatMap it`,
  );
}

interface Subscribable {
  subscribe(observer: {
    next: (value: unknown) => void;
    error: (error: unknown) => void;
    complete: () => void;
  }): { unsubscribe?: () => void } | (() => void) | undefined;
}

/** `from` refuses an object that has no more than `subscribe`, such as a platform's own Observable. */
function subscribable(source: Subscribable): Observable<unknown> {
  return new Observable((subscriber) => {
    const subscription = source.subscribe({
      next: (value) => subscriber.next(value),
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
    return typeof subscription === 'function' ? subscription : () => subscription?.unsubscribe?.();
  });
}

function isObject(value: unknown): value is Record<string | symbol, unknown> {
  return typeof value === 'object' && value !== null;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
