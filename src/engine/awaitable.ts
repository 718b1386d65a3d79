/** What an engine answers: at once (memory) or later (Redis). */
export type Awaitable<T> = T | Promise<T>;

/**
 * Runs `call` and hands its answer on, in the same turn when the engine answered at once: this is what lets a whole
 * job run inside RxJS' `TestScheduler`, where a promise could not be waited for.
 */
export function whenReady<T>(
  call: () => Awaitable<T>,
  done: (answer: T) => void,
  failed: (error: unknown) => void,
): void {
  let answer: Awaitable<T>;
  try {
    answer = call();
  } catch (error) {
    failed(error);
    return;
  }
  if (isPromise(answer)) answer.then(done, failed);
  else done(answer);
}

/** By its shape: a promise of another realm, as Node's own are in Jest, is no `instanceof Promise`. */
export function isPromise<T>(answer: Awaitable<T>): answer is Promise<T> {
  return typeof (answer as { readonly then?: unknown } | null | undefined)?.then === 'function';
}
