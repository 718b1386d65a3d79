import type { QueueJob, QueueJobJson } from '@bull-board/api/typings/app';
import type { Job, JobNode } from '../index.js';
import { boardProgress, readable, type Detail } from './board-progress.js';

/** A job as bull-board asks for it; what `QueueJob` leaves out, its flow graph asks for. */
export interface BoardJob extends QueueJob {
  readonly id: string;
  readonly name: string;
  readonly queueName: string;
  readonly queueQualifiedName: string;
  readonly finishedOn: number | undefined;
  readonly progress: QueueJobJson['progress'];
  getIgnoredChildrenFailures(): Promise<Record<string, string>>;
}

/** A flow as bull-board asks for it. */
export interface BoardNode {
  readonly job: BoardJob;
  readonly children?: readonly BoardNode[];
}

/** What bull-board shows as it stands in the store. */
const plain = [
  'id',
  'name',
  'timestamp',
  'attemptsMade',
  'attemptsStarted',
  'stalledCounter',
  'priority',
  'failedReason',
  'stacktrace',
  'processedOn',
  'processedBy',
  'finishedOn',
  'deferredFailure',
  'deduplicationId',
  'repeatJobKey',
  'parentKey',
] as const satisfies readonly (keyof Job & keyof QueueJobJson)[];

export function boardJob(job: Job, detail: Detail): BoardJob {
  const { id, name, queueName, queueQualifiedName, repeatJobKey, finishedOn } = job;
  const delay = delayOf(job);
  const opts = { ...job.opts, ...delay, ...parentOf(job) };
  const progress = boardProgress(job, detail);
  return {
    id,
    name,
    queueName,
    queueQualifiedName,
    finishedOn,
    ...(repeatJobKey !== undefined && { repeatJobKey }),
    opts,
    progress,
    toJSON() {
      const members = Object.fromEntries(plain.map((member) => [member, job[member]]));
      const data = readable(() => job.data);
      const returnvalue = readable(() => job.returnvalue);
      return { ...members, delay: job.delay, ...delay, opts, progress, data, returnvalue } as unknown as QueueJobJson;
    },

    getState: () => job.getState(),
    retry: (state) => job.retry(state),
    promote: () => job.promote(),
    remove: () => job.remove(),
    updateData: (data) => job.updateData(data),
    changeDelay: (ms) => job.changeDelay(ms),
    changePriority: (priority) => job.changePriority(priority),
    removeUnprocessedChildren: () => job.removeUnprocessedChildren(),
    getDependenciesCount: (kinds) => job.getDependenciesCount(kinds),
    getIgnoredChildrenFailures: () => job.getIgnoredChildrenFailures(),
  };
}

export function boardNode({ job, children }: JobNode): BoardNode {
  return { job: boardJob(job, 'some'), ...(children && { children: children.map(boardNode) }) };
}

/** The page adds the delay to when the job came to be. A `delay` of a step, or a backoff, counts from another time. */
function delayOf({ due, timestamp }: Job): { readonly delay?: number } {
  return due === undefined ? {} : { delay: Math.max(due - timestamp, 0) };
}

/** The flow graph is climbed by it. A child that a step has added has no such option. */
function parentOf({ parent }: Job): { readonly parent?: { readonly id: string; readonly queue: string } } {
  return parent ? { parent: { id: parent.id, queue: parent.queueKey } } : {};
}
