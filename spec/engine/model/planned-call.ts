import * as fc from 'fast-check';
import { textOf, type Call, type Outcome } from './call.js';
import type { World } from './world.js';

/** Chooses a call in the world as it is; `undefined`: there is nothing to call it for. */
export type Plan = (world: World) => Call | undefined;

/** A call that is chosen when it comes to it. It shows as what it was in the run that it is shown for. */
export class PlannedCall implements fc.AsyncCommand<World, World> {
  readonly #plan: Plan;
  #call: Call | undefined;
  #expected: Outcome | undefined;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  [fc.cloneMethod](): PlannedCall {
    return new PlannedCall(this.#plan);
  }

  check(world: World): boolean {
    this.#call = this.#plan(world);
    return this.#call !== undefined;
  }

  run(world: World): Promise<void> {
    return world.play(this.#call!, (expected) => (this.#expected = expected));
  }

  toString(): string {
    return `\n  ${this.#expected ? textOf(this.#call!, this.#expected) : 'not called'}`;
  }
}
