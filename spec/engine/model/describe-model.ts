import * as fc from 'fast-check';
import type { MakeEngine } from '../../contract/bench.js';
import { anyCall } from './commands.js';
import type { Pace } from './comparable.js';
import { isFinished, isPending } from './model-job.js';
import { queues } from './picture.js';
import { World } from './world.js';

export interface ModelOptions extends Partial<Pace> {
  /** How many sequences of calls; `STEPSTREAM_MODEL_RUNS` beats it. */
  readonly runs: number;
}

/**
 * Makes random calls on an engine and on the model, and compares all that can be seen after each of them. What fails is
 * shown as the shortest sequence of calls that was found; `STEPSTREAM_MODEL_SEED` finds others.
 *
 * An engine's `advance`, by 0 milliseconds too, ends when everybody has heard what there is to hear.
 *
 * @example
 * ```ts
 * describeModel('memory', () => engineOnManualClock(), { runs: 2_000 });
 * describeModel('redis', () => engineOnRedis(), { runs: 50, clock: 'runs', anyOrder: true });
 * ```
 */
export function describeModel(name: string, makeEngine: MakeEngine, options: ModelOptions): void {
  const { unit = 1_000, clock = 'stands', anyOrder = false } = options;
  const numRuns = Number(process.env['STEPSTREAM_MODEL_RUNS'] ?? options.runs);
  const seed = Number(process.env['STEPSTREAM_MODEL_SEED'] ?? 20_260_401);

  it(
    `I6, I7, I9: whatever is called, ${name} does what the model does`,
    async () => {
      const calls = fc.commands([anyCall], { maxCommands: 60, size: 'max' });
      const property = fc.asyncProperty(calls, async (sequence) => {
        const under = await makeEngine();
        const world = new World(under, { unit, clock, anyOrder });
        await fc.asyncModelRun(() => ({ model: world, real: world }), sequence);
        await expectDrains(world);
        await under.engine.close();
        expect(under.held()).toBe(0);
      });
      await fc.assert(property, { numRuns, seed, unbiased: true });
    },
    60_000 + 1_000 * numRuns,
  );
}

/** I10: once workers complete what they get, nobody dies, and children for whom a parent waits are retried, all jobs finish. */
async function expectDrains(world: World): Promise<void> {
  const { store } = world.model;
  for (const queue of queues) await world.pass({ method: 'resume', args: [queue] });
  for (let rounds = 0; store.jobs.some((job) => !isFinished(job)); rounds++) {
    if (rounds > 20) throw new Error('I10: the queues do not drain');
    await world.play({ method: 'advance', args: [world.steps(10)] });
    for (const { queue, id, kinship } of store.jobs.filter(({ state }) => state === 'failed'))
      if (kinship && isPending(kinship)) await world.play({ method: 'retry', args: [queue, id] });
    for (const queue of queues) {
      await world.pass({ method: 'recoverStalled', args: [queue, Infinity] });
      const before = world.leases.length;
      await world.pass({ method: 'claim', args: [queue, { limit: 100, lockDuration: world.lasting(5) }] });
      for (const lease of world.leases.slice(before)) {
        const seq = store.find(queue, lease.jobId)!.seq + 1;
        await world.pass({ method: 'complete', args: [lease, { seq }, undefined, Infinity] });
      }
    }
  }
  await world.play({ method: 'advance', args: [0] });
}
