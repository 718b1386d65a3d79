import { defer, map, throwError, timer, type Observable } from 'rxjs';
import { Processor, Step, type Class, type Engine, type StepJob } from 'stepstream';
import { virtually, type VirtualRun } from './virtual.js';

/** How a job ended, and what happened on the way. */
export interface Ran {
  readonly state: string;
  readonly result: unknown;
  readonly reason: string | undefined;
  readonly code: string | undefined;
  /** Virtual time of its end, in milliseconds. */
  readonly end: number | undefined;
  readonly activations: number;
  readonly events: readonly string[];
  readonly warnings: readonly string[];
}

@Processor('kids', { concurrency: 3 })
class Kids {
  /** Doubles a number in 10 ms; fails at once for a negative one. */
  @Step()
  double(job: StepJob<number>): Observable<number> {
    return job.data < 0 ? throwError(() => new Error(`no ${job.data}`)) : timer(10).pipe(map(() => job.data * 2));
  }
}

interface RunOptions {
  readonly parkAfter?: number;
  readonly play?: (run: VirtualRun, id: string) => void;
  /** The engine as the workers see it. */
  readonly wrap?: (engine: Engine) => Engine;
}

/** Runs one job of a processor in virtual time, beside a queue `kids` whose jobs double a number in 10 ms. */
export function runJobOf(
  processor: Class<any>,
  data?: unknown,
  { parkAfter = 20_000, play, wrap }: RunOptions = {},
): Ran {
  let ran!: () => Ran;
  virtually(
    [processor, Kids],
    (run) => {
      const events: string[] = [];
      const id = run.add(data);
      run.engine.events(run.queue, ({ type }) => events.push(type), id);
      run.startWorkers();
      play?.(run, id);
      ran = () => {
        const job = run.get(id);
        return {
          state: job.state,
          result: job.returnvalue === undefined ? undefined : JSON.parse(job.returnvalue),
          reason: job.failedReason,
          code: job.failedCode,
          end: job.finishedOn,
          activations: job.attemptsStarted,
          events,
          warnings: run.warnings,
        };
      };
    },
    { parkAfter, ...(wrap && { wrap }) },
  );
  return ran();
}

/** Runs a one-step job whose stream is made anew by each call, in virtual time. */
export function runStep(
  stream: (job: StepJob) => unknown,
  { attempts = 1, ...options }: RunOptions & { readonly attempts?: number } = {},
): Ran {
  @Processor('gated')
  class Gated {
    @Step({ attempts })
    only(job: StepJob): Observable<any> {
      return stream(job) as Observable<any>;
    }
  }
  return runJobOf(Gated, undefined, options);
}

/** A source that counts its subscriptions. */
export function counted<T>(make: () => Observable<T>): Observable<T> & { runs: number } {
  const source = defer(() => {
    source.runs++;
    return make();
  }) as Observable<T> & { runs: number };
  source.runs = 0;
  return source;
}
