import fc from 'fast-check';
import type { Call } from './call.js';
import type { World } from './world.js';

/** Chooses a call in the world as it is; `undefined`: there is nothing to call it for. */
export type Plan = (world: World) => Call | undefined;

/** A call that is chosen when it comes to it. It shows as what it was in the run that it is shown for. */
export class PlannedCall implements fc.AsyncCommand<World, World> {
  readonly #plan: Plan;
  #call: Call | undefined;
  #text = 'not called';

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
    return world.play(this.#call!, (text) => (this.#text = text));
  }

  toString(): string {
    return `\n  ${this.#text}`;
  }
}
