import type { Awaitable } from './engine/awaitable.js';
import type { Job } from './job/job.js';

/** A processor's instance for one job. */
export interface JobInstance {
  readonly instance: unknown;
  /**
   * Called once, when the job leaves the worker: it has ended, sleeps, or was lost. `drain` and `close` wait for what it answers,
   * however long that takes: `grace` is for the steps.
   */
  dispose?(): unknown;
}

/** What a resolver answers for a processor of which each job has an instance of its own. */
export class PerJob {
  constructor(readonly open: (job: Job) => Awaitable<JobInstance>) {}
}

/**
 * What a resolver answers when each job is to have an instance of its own, made before the first step that runs, anew each
 * time a worker takes the job: so the container's scope of a request becomes that of a job.
 *
 * @param open may answer later. What it throws is a `ResolveError`, and an attempt of the job: it is retried as any other
 * @example
 * ```ts
 * const resolver = {
 *   get: (processor) =>
 *     perJob((job) => {
 *       const scope = container.createScope();
 *       scope.register({ tenant: asValue(job.data.tenant) });
 *       return { instance: scope.build(processor), dispose: () => scope.dispose() };
 *     }),
 * };
 * ```
 */
export function perJob(open: (job: Job) => Awaitable<JobInstance>): PerJob {
  return new PerJob(open);
}
