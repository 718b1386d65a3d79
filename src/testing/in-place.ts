import { from, merge, NEVER, ReplaySubject, takeUntil, tap, type ObservableInput } from 'rxjs';
import { checkpoint, Processor, stepsOf, type Class } from '../index.js';

/** Some thirty years, in milliseconds: no test waits for it. */
export const never = 1e12;

/** A processor of the same steps whose jobs never leave their worker: what a step keeps in variables stays. */
export function inPlace(processor: Class, queue: string): Class {
  const InPlace = class extends (processor as new (...args: never[]) => object) {} as Class;
  Processor(queue, { parkAfter: never, lockDuration: never, stalledInterval: never })(InPlace);
  return InPlace;
}

/** Lets the gates of an instance's steps pass in place; answers what undoes it. */
export function holdSteps(processor: Class, instance: object): () => void {
  const members = instance as Record<string, unknown>;
  const steps = stepsOf(processor).filter(({ name }) => !Object.hasOwn(members, name));
  for (const { name } of steps) {
    const method = members[name] as (...args: unknown[]) => ObservableInput<unknown>;
    members[name] = function (this: unknown, ...args: unknown[]): unknown {
      return held(() => method.apply(this, args));
    };
  }
  return () => {
    for (const { name } of steps) delete members[name];
  };
}

/** The stream of a step, beside a gate that is open as long as it runs: a job with a gate at work doesn't park (G4). */
export function held<T>(step: () => ObservableInput<T>): ObservableInput<T> {
  const done = new ReplaySubject<void>(1);
  const hold = NEVER.pipe(takeUntil(done), checkpoint({ key: 'testing.hold' }));
  return merge(hold, from(step()).pipe(tap({ complete: () => done.next() })));
}
