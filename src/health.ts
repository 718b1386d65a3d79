import { whenReady } from './engine/awaitable.js';
import { steadyTime } from './engine/clock.js';
import type { Engine, EngineStatus } from './engine/engine.js';
import { ConfigurationError } from './errors.js';
import { isDuration, milliseconds } from './job/duration.js';
import { failureOf } from './job/failure.js';
import { optionFaults, type OptionRules } from './job/options.js';
import type { Worker } from './worker/worker.js';

/** `closing`: it takes no jobs any more. */
export type AppPhase = 'created' | 'started' | 'closing' | 'closed';

/** How an app is: a plain record, to be sent as JSON. Times in milliseconds since the epoch, by the store's clock. */
export interface AppHealth {
  /**
   * `down`: jobs can't be added, the store doesn't answer or the app closes; `degraded`: they can, but not all of the app's
   * workers take some; `up`: all is well.
   */
  readonly status: 'up' | 'degraded' | 'down';
  /** Why it isn't up, a sentence each. */
  readonly problems: readonly string[];
  readonly phase: AppPhase;
  readonly store: StoreHealth;
  readonly workers: readonly WorkerHealth[];
}

/** Whether the store answers, and how the app is connected to it. */
export interface StoreHealth extends EngineStatus {
  readonly status: 'up' | 'down';
  /** Milliseconds until it answered. */
  readonly latency?: number;
  /** Since when it doesn't answer, as far as that is known. */
  readonly since?: number;
  /** Why it doesn't answer. */
  readonly error?: string;
}

/** The worker of one queue. */
export interface WorkerHealth {
  readonly queue: string;
  /** Whether it was started, and doesn't close. */
  readonly running: boolean;
  /** Whether it was paused by `worker.pause()`. */
  readonly paused: boolean;
  /** Whether it is connected, so that it hears of jobs. */
  readonly connected: boolean;
  /** Jobs that it runs now, and at most. */
  readonly active: number;
  readonly concurrency: number;
}

export interface HealthOptions {
  /** Longest time to wait for the store: milliseconds, or text. Default 500 ms: Kubernetes waits 1 s for a probe. */
  readonly timeout?: number | string;
}

const defaultTimeout = 500;

const healthOptionRules: OptionRules<HealthOptions> = {
  timeout: { test: isDuration, expects: "milliseconds from 0 up, or text such as '1 s'" },
};

type Answer =
  { readonly latency: number; readonly error?: undefined } | { /** Why there is none. */ readonly error: string };

/** Looks after one app's health. */
export class HealthCheck {
  readonly #engine: Engine;
  readonly #workers: readonly Worker[];
  #asking: Promise<Answer> | undefined;
  #silentSince: number | undefined;

  constructor(engine: Engine, workers: readonly Worker[]) {
    this.#engine = engine;
    this.#workers = workers;
  }

  /** @throws ConfigurationError */
  async look(phase: AppPhase, options: HealthOptions = {}): Promise<AppHealth> {
    const faults = optionFaults(options, healthOptionRules, 'health');
    if (faults.length > 0) throw new ConfigurationError('The health was not looked at:', faults);
    const { timeout = defaultTimeout } = options;
    const store = this.#storeHealth(await this.#within(milliseconds(timeout)));
    const workers = this.#workers.map((worker) => workerHealth(worker, store));
    const down = [...phaseProblems(phase), ...(phase === 'closed' ? [] : storeProblems(store))];
    const degraded = workers.flatMap((worker) => workerProblems(worker, phase, store));
    return {
      status: down.length > 0 ? 'down' : degraded.length > 0 ? 'degraded' : 'up',
      problems: [...down, ...degraded],
      phase,
      store,
      workers,
    };
  }

  #storeHealth(answer: Answer): StoreHealth {
    const status = this.#engine.status();
    if (answer.error === undefined) {
      this.#silentSince = undefined;
      return { ...status, status: 'up', latency: answer.latency };
    }
    const calls = status.connections.find(({ use, up }) => use === 'calls' && !up);
    const since = calls?.since ?? this.#engine.clock.now();
    this.#silentSince = Math.floor(Math.min(this.#silentSince ?? since, since));
    return { ...status, status: 'down', since: this.#silentSince, error: calls?.error ?? answer.error };
  }

  /** The store's answer, or that there is none yet. */
  #within(timeout: number): Promise<Answer> {
    return new Promise((resolve) => {
      const late = { error: `no answer within ${timeout} ms` };
      const giveUp = this.#engine.clock.after(timeout, () => resolve(late));
      void this.#ask().then((answer) => {
        giveUp();
        resolve(answer);
      });
    });
  }

  /** One question at a time: an app that is asked every second piles up none while the store is away. */
  #ask(): Promise<Answer> {
    if (this.#asking) return this.#asking;
    const { clock } = this.#engine;
    const began = steadyTime(clock);
    const asking = new Promise<Answer>((resolve) => {
      whenReady(
        () => this.#engine.ping(),
        () => resolve({ latency: Math.round((steadyTime(clock) - began) * 100) / 100 }),
        (error) => resolve({ error: failureOf(error).reason }),
      );
    }).finally(() => (this.#asking = undefined));
    return (this.#asking = asking);
  }
}

function workerHealth(worker: Worker, { connections }: EngineStatus): WorkerHealth {
  const { name: queue, activeCount: active, concurrency } = worker;
  const connected = connections.length === 0 || connections.some((each) => each.queue === queue && each.up);
  return { queue, running: worker.isRunning(), paused: worker.isPaused(), connected, active, concurrency };
}

function phaseProblems(phase: AppPhase): readonly string[] {
  return phase === 'closing' || phase === 'closed' ? [`the app is ${phase}`] : [];
}

function storeProblems({ status, error = '' }: StoreHealth): readonly string[] {
  return status === 'down' ? [`the store doesn't answer: ${error}`] : [];
}

/** None of a worker that does what it was told to: a paused one is well. */
function workerProblems(
  { queue, running, connected }: WorkerHealth,
  phase: AppPhase,
  { status, connections }: StoreHealth,
): readonly string[] {
  const subject = `the worker of queue ${queue}`;
  if (phase === 'created') return [`${subject} takes no jobs: the app is not started`];
  if (phase !== 'started') return [];
  if (!running) return [`${subject} takes no jobs: it is closed`];
  if (connected || status === 'down') return [];
  const why = connections.find((each) => each.queue === queue)?.error ?? 'it is not connected yet';
  return [`${subject} hears of no jobs: ${why}`];
}
