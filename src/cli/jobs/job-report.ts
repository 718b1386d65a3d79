import { checkpointOf, type App, type Job, type JobCheckpoint, type JobOptions } from '../../index.js';
import { summaryOf, type JobSummary } from './job-summary.js';
import { ifReadable } from '../payload.js';

/** All that there is to know of a job, as `--json` prints it. Times in milliseconds since the epoch. */
export interface JobReport extends JobSummary {
  readonly queue: string;
  readonly data?: unknown;
  readonly opts: JobOptions;
  readonly attemptsStarted: number;
  readonly stalledCounter: number;
  /** The worker that took it last. */
  readonly processedBy?: string;
  readonly parent?: { readonly queue: string; readonly id: string };
  /** Where it stands, of a job of steps that has begun and has not completed. */
  readonly checkpoint?: JobCheckpoint;
  readonly children: readonly ChildReport[];
  readonly returnvalue?: unknown;
  /** The code of the error that it failed of. */
  readonly failedCode?: string;
  readonly stacktrace?: readonly string[];
  readonly logs: { readonly count: number; readonly last: readonly string[] };
}

export interface ChildReport {
  readonly queue: string;
  readonly id: string;
  readonly status: 'pending' | 'completed' | 'failed';
  readonly failedReason?: string;
}

/** What is shown of its log at most. */
const logRows = 20;

/** `undefined`: it isn't in the store. */
export async function reportOf(app: App, queueName: string, id: string): Promise<JobReport | undefined> {
  const queue = app.queue(queueName);
  const [job, record, children, logs] = await Promise.all([
    queue.getJob(id),
    app.engine.get(queueName, id),
    app.engine.children(queueName, id),
    queue.getJobLogs(id, -logRows, -1),
  ]);
  if (!job || !record) return undefined;
  const checkpoint = ifReadable(() => checkpointOf(job));
  const { parent, failedCode } = record;
  return {
    ...summaryOf(job, record.state),
    queue: queueName,
    ...valueOf(job, 'data'),
    opts: job.opts,
    attemptsStarted: job.attemptsStarted,
    stalledCounter: job.stalledCounter,
    ...(job.processedBy !== undefined && { processedBy: job.processedBy }),
    ...(parent && { parent: { queue: parent.queue, id: parent.id } }),
    ...(checkpoint && { checkpoint }),
    children: children.map((child) => ({
      queue: child.queue,
      id: child.id,
      status: child.status,
      ...(child.reason !== undefined && { failedReason: child.reason }),
    })),
    ...valueOf(job, 'returnvalue'),
    ...(failedCode !== undefined && { failedCode }),
    ...(job.stacktrace.length > 0 && { stacktrace: job.stacktrace }),
    logs: { count: logs.count, last: logs.logs },
  };
}

function valueOf(job: Job, member: 'data' | 'returnvalue'): Partial<Pick<JobReport, typeof member>> {
  const value: unknown = ifReadable(() => job[member]);
  return value === undefined ? {} : { [member]: value };
}
