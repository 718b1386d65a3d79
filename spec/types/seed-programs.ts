/**
 * Compiled, never run: the imperative API as users type it, after the programs of BullMQ's page (these themselves, to the
 * letter, are compiled by `spec/seed/page.spec.ts`). What must not compile stands in `misuse.ts`.
 */
import { from, map, type Observable } from 'rxjs';
import {
  DelayedError,
  FlowProducer,
  Job,
  Queue,
  QueueEvents,
  UnrecoverableError,
  WaitingChildrenError,
  Worker,
  type FlowJob,
  type JobNode,
  type JobOptions,
  type JobState,
  type QueueEvent,
  type WorkerFunction,
  type WorkerOptions,
} from 'stepstream';
import { same } from './public-face.js';

declare const connection: string;

export interface Progress {
  readonly step: 'initial' | 'second' | 'finish';
}
export type Result = 'done' | 'skipped';
export type Name = 'import' | 'export';

// --- a worker's function ---

/** Data, result and names are said once. */
export const worker = new Worker<Progress, Result, Name>(
  'steps',
  async (job, token, signal) => {
    same<typeof job, Job<Progress, Result, Name>>();
    same<typeof job.data, Progress>();
    same<typeof job.name, Name>();
    same<typeof job.id, string>();
    same<typeof token, string>();
    same<typeof signal, AbortSignal>();
    if (job.attemptsMade > 5) return 'skipped';
    for (let { step } = job.data; step !== 'finish';) {
      if (step === 'initial') {
        await job.updateData({ step: (step = 'second') });
        await job.moveToDelayed(Date.now() + 200, token);
        throw new DelayedError();
      }
      if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
      const values = await job.getChildrenValues<number>();
      same<typeof values, Record<string, number>>();
      await job.updateProgress(values);
      await job.updateData({ step: (step = 'finish') });
    }
    return 'done';
  },
  { connection, concurrency: 5, limiter: { max: 10, duration: 1_000 }, lockDuration: 10_000, autorun: false },
);

/** What the function returns is the result; its job is of any kind, as in BullMQ. */
export const inferred = new Worker('sums', async (job) => {
  same<typeof job.data, any>();
  return Number(job.data.a) + Number(job.data.b);
});

/** With the data's type at the parameter alone, as the page has it. */
export const annotated = new Worker('sums', async (job: Job<{ a: number }>, token: string) => `${job.data.a}${token}`);

/** A function apart. */
export const work: WorkerFunction<Progress, Result> = async ({ data }) => {
  if (data.step === 'second') throw new UnrecoverableError('there is no way back');
  return data.step === 'finish' ? 'skipped' : 'done';
};

/** Each emission is progress, the last one is the result. */
export const streams: readonly Worker<number[], number>[] = [
  new Worker<number[], number>('streams', (job): Observable<number> => from(job.data).pipe(map((n) => n * 2))),
  new Worker<number[], number>('streams', async (job) => from(job.data)),
  new Worker<number[], number>('streams', async function* (job) {
    yield* job.data;
  }),
];

worker.on('completed', (job, result, prev) => {
  same<typeof job, Job<Progress, Result, Name>>();
  same<typeof result, Result>();
  same<typeof prev, 'active'>();
});
worker.on('failed', (job, error) => {
  same<typeof job, Job<Progress, Result, Name> | undefined>();
  same<typeof error, Error>();
});
worker.on('progress', ({ name }, progress) => console.log(name satisfies Name, progress));
worker.on('stalled', (jobId) => console.log(jobId satisfies string));

export const workerOptions: WorkerOptions = {
  connection: { host: 'localhost', port: 6379 },
  maxStalledCount: 2,
  removeOnComplete: { age: 3_600, count: 1_000 },
  settings: {
    backoffStrategy: (attemptsMade, type, error, job) => (type === 'mine' && error ? attemptsMade : job.delay),
  },
};

// --- a queue ---

export const queue = new Queue<Progress, Result, Name>('steps', {
  connection,
  defaultJobOptions: { attempts: 3, backoff: { type: 'exponential', delay: 1_000 } },
});

export async function queues(): Promise<void> {
  const job = await queue.add('import', { step: 'initial' });
  same<typeof job, Job<Progress, Result, Name>>();
  const [first] = await queue.addBulk([{ name: 'export', data: { step: 'second' }, opts: { priority: 1 } }]);
  same<typeof first, Job<Progress, Result, Name> | undefined>();
  const found = await queue.getJob(job.id);
  same<typeof found, Job<Progress, Result, Name> | undefined>();
  const result = await job.waitUntilFinished(new QueueEvents('steps'), 1_000);
  same<typeof result, Result>();
  const state = await job.getState();
  same<typeof state, JobState | 'unknown'>();

  // BullMQ's own defaults
  const loose = new Queue('loose');
  same<typeof loose, Queue>();
  await loose.add('anything', { of: ['any', 'kind'] });
  await new Queue('children').add(
    'child',
    { foo: 'bar' },
    { parent: { id: job.id, queue: job.queueQualifiedName }, ignoreDependencyOnFailure: true },
  );
}

export const jobOptions: JobOptions = {
  delay: 5,
  lifo: true,
  backoff: { type: 'mine' },
  deduplication: { id: 'one', ttl: 1_000, extend: true },
  removeOnFail: 100,
};

// --- flows ---

export const flow: FlowJob<Progress> = {
  name: 'parent',
  queueName: 'parents',
  data: { step: 'initial' },
  opts: { attempts: 2 },
  children: [
    { name: 'child', queueName: 'children', children: [{ name: 'grandchild', queueName: 'grandchildren', data: 1 }] },
    { name: 'child', queueName: 'children', opts: { failParentOnFailure: true } },
  ],
};

export async function flows(parent: Job): Promise<void> {
  const producer = new FlowProducer({ connection });
  const { job, children = [] } = await producer.add(flow, {
    queuesOptions: { children: { defaultJobOptions: { attempts: 3 } } },
  });
  same<typeof job, Job>();
  same<typeof children, JobNode[]>();
  await producer.add({ ...flow, opts: { parent: { id: parent.id, queue: parent.queueQualifiedName } } });
  const trees = await producer.addBulk([flow, flow]);
  same<typeof trees, JobNode[]>();
  const tree = await producer.getFlow({ id: job.id, queueName: 'parents', depth: 2, maxChildren: 50 });
  same<typeof tree, JobNode | undefined>();
}

// --- what happens ---

export const events = new QueueEvents<Result>('steps', { connection, lastEventId: '0-0' });

events.on('completed', ({ jobId, returnvalue, prev }, id) => {
  same<typeof jobId, string>();
  same<typeof returnvalue, Result>();
  same<typeof prev, string | undefined>();
  same<typeof id, string>();
});
events.on('failed', ({ failedReason }) => console.log(failedReason satisfies string));
events.on('delayed', ({ jobId, delay }) => console.log(jobId, delay satisfies number));
events.on('progress', ({ data }) => console.log(data));
events.on('drained', (id) => console.log(id satisfies string));
events.on('error', (error) => console.log(error.message));

same<typeof queue.events$, Observable<QueueEvent<Result>>>();
queue.events$.subscribe((event) => {
  same<typeof event.at, number>();
  if (event.type === 'completed') same<typeof event.returnvalue, Result>();
  if (event.type === 'waiting-children') same<typeof event.jobId, string>();
});
