import { container, type DependencyContainer, type InjectionToken } from 'tsyringe';
import type { Class, Resolver } from '../index.js';

/** What a bed's processors get injected, over what its container has. */
export class Provided {
  readonly #base: DependencyContainer | Exclude<Resolver, DependencyContainer>;
  readonly #makers = new Map<unknown, () => unknown>();

  constructor(base: Resolver = container) {
    this.#base = isTsyringe(base) ? base.createChildContainer() : base;
  }

  /** Hands this value out wherever the token is injected; a processor's own class is a token too. */
  value(token: unknown, value: unknown): void {
    this.made(token, () => value);
  }

  /** Makes a new value each time. */
  made(token: unknown, make: () => unknown): void {
    this.#makers.set(token, make);
    if (isTsyringe(this.#base)) this.#base.register(token as InjectionToken, { useFactory: make });
  }

  /** A container for one machine. */
  resolver(): Resolver {
    const base = this.#base;
    if (isTsyringe(base)) return base.createChildContainer();
    const get = (token: Class): unknown => {
      const make = this.#makers.get(token);
      if (make) return make();
      return 'get' in base ? base.get(token) : base.resolve(token);
    };
    return { get };
  }
}

function isTsyringe(resolver: Resolver): resolver is DependencyContainer {
  return 'createChildContainer' in resolver;
}
