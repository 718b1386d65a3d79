import { from, merge, NEVER, ReplaySubject, takeUntil, tap, type ObservableInput } from 'rxjs';
import { checkpoint, Processor, type Class } from '../index.js';

/** Some thirty years, in milliseconds: no test waits for it. */
export const never = 1e12;

/** A processor of the same steps whose jobs never leave their worker: what a step keeps in variables stays. */
export function inPlace(processor: Class, queue: string): Class {
  const InPlace = class extends (processor as new (...args: never[]) => object) {} as Class;
  Processor(queue, { parkAfter: never, lockDuration: never, stalledInterval: never })(InPlace);
  return InPlace;
}

/** Lets the gates of an instance's steps pass in place; answers what undoes it. */
export function holdSteps(instance: object): () => void {
  const patched: string[] = [];
  const members = instance as Record<string, unknown>;
  for (const name of methodsOf(instance)) {
    const method = members[name] as (...args: unknown[]) => unknown;
    if (Object.hasOwn(members, name)) continue;
    patched.push(name);
    members[name] = function (this: unknown, ...args: unknown[]): unknown {
      const isStep = (args[0] as { readonly step?: unknown } | undefined)?.step === name;
      return isStep ? held(() => method.apply(this, args) as ObservableInput<unknown>) : method.apply(this, args);
    };
  }
  return () => {
    for (const name of patched) delete members[name];
  };
}

/** The stream of a step, beside a gate that is open as long as it runs: a job with a gate at work doesn't park (G4). */
export function held<T>(step: () => ObservableInput<T>): ObservableInput<T> {
  const done = new ReplaySubject<void>(1);
  const hold = NEVER.pipe(takeUntil(done), checkpoint({ key: 'testing.hold' }));
  return merge(hold, from(step()).pipe(tap({ complete: () => done.next() })));
}

/** The names of an object's methods, inherited ones too. */
export function methodsOf(instance: object): ReadonlySet<string> {
  const names = new Set<string>();
  for (
    let at: unknown = Object.getPrototypeOf(instance);
    at && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor') names.add(name);
    }
  }
  return names;
}
