import { defer, isObservable, of, type Observable } from 'rxjs';

/** One time that an effect ran. */
interface Ran {
  readonly label: string;
  readonly key: string | undefined;
}

/** What `idempotencyKey` looks like. */
const keyPattern = /^[\w-]{22}$/;

/** Counts what a job does to the world. */
export class Effects {
  readonly #ran: Ran[] = [];

  /**
   * An effect: counted whenever it is subscribed.
   *
   * @param label what it is called in the report
   * @param source what it emits: an Observable, or a value
   * @param key the idempotency key that the real service would be handed; with it, running twice is safe
   */
  readonly effect = <T>(label: string, source: Observable<T> | T, key?: string): Observable<T> =>
    defer(() => {
      this.note(label, key);
      return isObservable(source) ? source : of(source);
    });

  /**
   * A service whose methods are effects: those that return an Observable are counted when it is subscribed, others when they are
   * called. An argument that is an idempotency key, or has one among its members, counts as the effect's key.
   *
   * @param label goes before the method's name in the report
   * @param methods which of its methods; default all
   */
  readonly spy = <T extends object>(label: string, service: T, methods?: readonly (keyof T)[]): T =>
    new Proxy(service, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function' || (methods && !methods.includes(name as keyof T))) return member;
        return (...args: readonly unknown[]): unknown => {
          const call = `${label}.${String(name)}`;
          const key = keyIn(args);
          const answer: unknown = Reflect.apply(member, target, args);
          if (isObservable(answer)) return this.effect(call, answer, key);
          this.note(call, key);
          return answer;
        };
      },
    });

  note(label: string, key: string | undefined): void {
    this.#ran.push({ label, key });
  }

  /** The keys with which each effect ran, by label, in order. */
  byLabel(): ReadonlyMap<string, readonly (string | undefined)[]> {
    const byLabel = new Map<string, (string | undefined)[]>();
    for (const { label, key } of this.#ran) byLabel.set(label, [...(byLabel.get(label) ?? []), key]);
    return byLabel;
  }
}

function keyIn(args: readonly unknown[]): string | undefined {
  const candidates = args.flatMap((arg) => (typeof arg === 'object' && arg !== null ? Object.values(arg) : [arg]));
  return candidates.find((each): each is string => typeof each === 'string' && keyPattern.test(each));
}
