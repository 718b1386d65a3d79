import type { Engine } from 'stepstream';

/**
 * Where a process is killed: before the store has the n-th call of a method, or after that, before the process hears of it. Of
 * the claims those count that have found a job.
 */
export interface Boundary {
  readonly when: 'before' | 'after';
  readonly method: keyof Engine;
  readonly nth: number;
}

/** A process is killed while its job waits for its children. */
export const whileWaiting = 'while it waits';

/** @param text as `before updateData 1` */
export function boundaryOf(text: string): Boundary {
  const [when, method, nth] = text.split(' ') as [Boundary['when'], keyof Engine, string];
  return { when, method, nth: Number(nth) };
}

/** A call of a process on its way to the store, and back. */
export type Passage = (method: keyof Engine, proceed: () => unknown) => unknown;

/** Calls `strike` at the boundary. */
export function strikeAt({ when, method, nth }: Boundary, strike: () => void): Passage {
  let passed = 0;
  const pass = (): void => {
    if (++passed === nth) strike();
  };
  const through = async (proceed: () => unknown): Promise<unknown> => {
    if (when === 'before') pass();
    if (when === 'before' && passed === nth) return new Promise(() => {});
    const answer = await proceed();
    const isEmpty = Array.isArray(answer) && answer.length === 0;
    if (when === 'after' && !isEmpty) pass();
    return answer;
  };
  return (called, proceed) => (called === method ? through(proceed) : proceed());
}

/** Calls `strike` before or after the n-th of all calls. */
export function strikeAtCall(when: Boundary['when'], nth: number, strike: () => void): Passage {
  let calls = 0;
  return (_, proceed) => {
    const isIt = ++calls === nth;
    if (isIt && when === 'before') strike();
    const answer = isIt && when === 'before' ? undefined : proceed();
    if (isIt && when === 'after') strike();
    return answer;
  };
}
