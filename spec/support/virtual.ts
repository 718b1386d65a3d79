import { asyncScheduler, type SchedulerAction, type Subscription } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { jsonCodec, memoryEngine, type Class, type Clock, type Engine, type JobOptions } from 'stepstream';
import type { JobRecord } from '../../src/engine/records.js';
import { Payloads } from '../../src/job/payloads.js';
import { runJob } from '../../src/steps/job-run.js';
import { planQueues } from '../../src/steps/queue-plan.js';
import { JobContext } from '../../src/job/job-context.js';
import type { JobRunner } from '../../src/worker/job-runner.js';
import { Worker } from '../../src/worker/worker.js';

/**
 * TestScheduler, but for one mistake of it: when several timers are due in one frame and one of them cancels another, it finds
 * "Expected a due immediate or interval" and throws. There is nothing due then, so there is nothing to do.
 */
class VirtualScheduler extends TestScheduler {
  actionsLeft = 500_000;

  override schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T): Subscription {
    const count = (): number => --this.actionsLeft;
    const tolerant = function (this: SchedulerAction<T>, each?: T): void {
      // a job that never ends has its lease renewed for ever
      if (count() < 0) throw new Error('virtual time does not end: is a job still active?');
      try {
        work.call(this, each);
      } catch (error) {
        if ((error as Error).message !== 'Expected a due immediate or interval') throw error;
      }
    };
    return super.schedule(tolerant, delay, state);
  }
}

/** The clock of RxJS' TestScheduler, inside its `run`. */
export const virtualClock: Clock = {
  now: () => asyncScheduler.now(),
  after(ms, action) {
    const scheduled = asyncScheduler.schedule(action, ms);
    return () => scheduled.unsubscribe();
  },
};

export interface VirtualRun {
  readonly engine: Engine;
  /** The first processor's queue. */
  readonly queue: string;
  readonly warnings: string[];
  /** Adds a job of the first processor's queue; answers its id. */
  add(data?: unknown, opts?: JobOptions): string;
  /** The job as it stands. */
  get(id: string): JobRecord;
  /** Starts one more worker per queue, as another machine would: `seen` is the engine as that machine sees it, `deployed` its code. */
  startWorkers(seen?: Engine, deployed?: readonly Class<any>[]): Worker[];
  at(ms: number, action: () => void): void;
  after(ms: number, action: () => void): void;
}

interface VirtualOptions {
  readonly lockDuration?: number;
  readonly parkAfter?: number;
  readonly wrap?: (engine: Engine) => Engine;
}

/** Runs whole jobs in virtual time: the real engine, worker and runner on TestScheduler's clock. Returns when all is done. */
export function virtually(
  processors: readonly Class<any>[],
  play: (run: VirtualRun) => void,
  options: VirtualOptions = {},
): void {
  const warnings: string[] = [];
  let engine!: Engine;
  new VirtualScheduler(() => {}).run(() => {
    engine = memoryEngine({ clock: virtualClock });
    const faults: never[] = [];
    const plans = planQueues(processors, faults);
    expect(faults).toEqual([]);
    const payloads = new Payloads(jsonCodec);
    const logger = {
      warn: (message: string) => void warnings.push(message),
      error: (message: string) => void warnings.push(message),
    };
    const seen = options.wrap?.(engine) ?? engine;
    const run: VirtualRun = {
      engine,
      queue: plans[0]!.queue,
      warnings,
      add: (data, opts = {}) => {
        const payload = payloads.encode(data, () => 'data');
        const timestamp = opts.timestamp ?? virtualClock.now();
        const [id] = engine.add([{ queue: plans[0]!.queue, name: 'job', data: payload, opts, timestamp }]) as string[];
        return id!;
      },
      get: (id) => engine.get(plans[0]!.queue, id) as JobRecord,
      startWorkers: (own = seen, deployed = processors) =>
        planQueues(deployed, faults).map((plan) => {
          const instances = new Map(plan.plans.map(({ processor }) => [processor, new processor() as object]));
          const jobRunOptions = {
            prefix: 'bull',
            payloads,
            parkAfter: options.parkAfter ?? plan.options.parkAfter,
            unknownStepGrace: plan.options.unknownStepGrace,
            find: (name: string) => {
              const found = plan.find(name);
              return found && { plan: found, instance: instances.get(found.processor)! };
            },
          };
          const { concurrency, lockDuration, stalledInterval, maxStalledCount } = plan.options;
          const workerOptions = {
            concurrency,
            lockDuration: options.lockDuration ?? lockDuration,
            stalledInterval,
            maxStalledCount,
          };
          const context = new JobContext({ engine: own, payloads, prefix: 'bull', logger, ownsEngine: false });
          const steps: JobRunner = {
            isFunction: false,
            grace: 10_000,
            run: (each) => runJob(each, jobRunOptions),
            cancel: () => {},
          };
          const worker = new Worker(plan.queue, steps, workerOptions, context);
          void worker.run();
          return worker;
        }),
      at: (ms, action) => void virtualClock.after(ms - virtualClock.now(), action),
      after: (ms, action) => void virtualClock.after(ms, action),
    };
    play(run);
  });
}
