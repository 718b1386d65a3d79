import { Queue, Worker, type Engine, type Job } from 'stepstream';

/** What a program has come to. */
export interface Played {
  readonly state: string;
  readonly result: unknown;
  /** What the steps have done, in order, in all processes; `|`: here a process was killed. */
  readonly calls: string;
  /** The names of the children. */
  readonly children: string;
  /** What the job reads of their results. */
  readonly values: readonly unknown[];
  readonly grandchildren: number;
  /** Children and grandchildren that are not completed. */
  readonly unfinished: number;
}

const queues = ['childrenQueueName', 'grandchildrenQueueName'] as const;

/** What {@link workOnChildren} makes of a child of this name. */
const valueOf: Readonly<Record<string, string>> = { 'child-1': 'bar', 'child-2': 'bar', 'child-job': 'bar and baz' };

/** Workers for children and grandchildren: a result is the `foo` of the job's data, or what its own children have come to. */
export function workOnChildren(connection: Engine): readonly Worker[] {
  const run = async (job: Job): Promise<string> =>
    job.data.foo ??
    Object.values(await job.getChildrenValues<string>())
      .sort()
      .join(' and ');
  return queues.map((queue) => new Worker(queue, run, { connection }));
}

export async function lookAt(connection: Engine, { queueName, id }: Job, calls: readonly string[]): Promise<Played> {
  const job = (await new Queue(queueName, { connection }).getJob(id))!;
  const jobs = await Promise.all(queues.map((name) => new Queue(name, { connection }).getJobs()));
  const states = await Promise.all(jobs.flat().map((each) => each.getState()));
  return {
    state: await job.getState(),
    result: job.returnvalue,
    calls: calls.join(' '),
    children: jobs[0]!
      .map(({ name }) => name)
      .sort()
      .join(' '),
    values: Object.values(await job.getChildrenValues<string>()).sort(),
    grandchildren: jobs[1]!.length,
    unfinished: states.filter((state) => state !== 'completed').length,
  };
}

/** What differs from run to run. */
export interface Expected {
  readonly calls: string;
  readonly children?: string;
  readonly result: unknown;
}

/** No job is lost, and no child: the job reads the result of each that there is. */
export function expectPlayed(played: Played, { calls, children = '', result }: Expected): void {
  const names = children.split(' ').filter((name) => name !== '');
  expect(played).toEqual({
    state: 'completed',
    result,
    calls,
    children,
    values: names.map((name) => valueOf[name]),
    grandchildren: 2 * names.filter((name) => name === 'child-job').length,
    unfinished: 0,
  } satisfies Played);
}
