import { concatMap, defer, from, map, of, Subject } from 'rxjs';
import { addChildren, awaitChildren, delay, type StepJob } from 'stepstream';
import type { Job as BullJob } from 'bullmq';
import { processor } from '../support/processor.js';
import { bullmqVersions } from './bullmq.js';
import { useWire } from './wire.js';

/** Doubles a number; fails for a negative one. */
function double(data: number): number {
  if (data < 0) throw new Error(`no ${data}`);
  return data * 2;
}

const doubling = async ({ data }: BullJob): Promise<number> => double(data);

const ourDoubling = processor({ double: ({ data }: StepJob<number>) => of(double(data)) });

const flags = [
  'failParentOnFailure',
  'continueParentOnFailure',
  'ignoreDependencyOnFailure',
  'removeDependencyOnFailure',
] as const;

describe.each(bullmqVersions)("parents of BullMQ %s's and children here", (_version, bullmq) => {
  const wire = useWire(bullmq);

  const flow = (
    children: readonly number[],
    opts: object = {},
  ): Promise<{ job: BullJob; children?: { job: BullJob }[] }> =>
    wire()
      .flow()
      .add({
        name: 'sum',
        queueName: 'parents',
        children: children.map((data) => ({ name: 'double', queueName: 'work', data, opts })),
      });

  const sum = async (job: BullJob): Promise<unknown> => ({
    values: Object.values(await job.getChildrenValues()),
    ignored: Object.values(await job.getIgnoredChildrenFailures()),
  });

  it('a flow is done when its children are, and has their results', async () => {
    await wire().app(ourDoubling);
    wire().worker('parents', sum);
    const { job } = await flow([1, 2, 3]);
    const { values } = (await wire().end(job)) as { values: number[] };
    expect(values.toSorted((a, b) => a - b)).toEqual([2, 4, 6]);
    await expect(job.getDependenciesCount()).resolves.toMatchObject({ processed: 3, unprocessed: 0 });
  });

  it('a child without a result is null to it', async () => {
    await wire().app(processor({ nothing: () => of(undefined) }));
    wire().worker('parents', sum);
    await expect(wire().end((await flow([1])).job)).resolves.toEqual({ values: [null], ignored: [] });
  });

  it('a parent with a delay or a priority goes where they say', async () => {
    const { job } = await wire()
      .flow()
      .add({
        name: 'sum',
        queueName: 'parents',
        opts: { priority: 3 },
        children: [{ name: 'double', queueName: 'work', data: 1 }],
      });
    const delayed = await wire()
      .flow()
      .add({
        name: 'sum',
        queueName: 'parents',
        opts: { delay: 3_600_000 },
        children: [{ name: 'double', queueName: 'work', data: 1 }],
      });
    const ears = wire().ears('parents');
    await wire().app(ourDoubling);
    await ears.until('waiting', job.id);
    await ears.until('delayed', delayed.job.id);
    await expect(job.getState()).resolves.toBe('prioritized');
    await expect(delayed.job.getState()).resolves.toBe('delayed');
  });

  describe.each([...flags, undefined])('a child that fails with %s', (flag) => {
    const opts = flag ? { [flag]: true } : {};

    /** What becomes of a parent with a child that completes and one that then fails. */
    async function outcome(): Promise<unknown> {
      wire().worker('parents', sum);
      const ears = wire().ears('work');
      const { job, children } = await flow([1, -1], opts);
      const failing = children![1]!.job;
      await ears.until('failed', failing.id);
      const end =
        flag &&
        (await wire()
          .end(job)
          .catch((error: Error) => error.message));
      return {
        end: typeof end === 'string' ? end.replace(failing.id!, '<id>') : end,
        state: await job.getState(),
        counts: await job.getDependenciesCount(),
      };
    }

    it("does to its parent what it does under BullMQ's worker", async () => {
      const theirs = wire().worker('work', doubling);
      const expected = await outcome();
      await theirs.close();
      await wire().redis.flushall();
      await wire().app(ourDoubling);
      await expect(outcome()).resolves.toEqual(expected);
    });
  });

  it('a child that failed, and completes when it is retried, lets its parent go on', async () => {
    let healed = false;
    await wire().app(processor({ double: ({ data }: StepJob<number>) => of(double(healed ? -data : data)) }));
    wire().worker('parents', sum);
    const ears = wire().ears('work');
    const { job, children } = await flow([-1]);
    const child = children![0]!.job;
    await ears.until('failed', child.id);
    await expect(job.getState()).resolves.toBe('waiting-children');
    healed = true;
    await child.retry();
    await expect(wire().end(job)).resolves.toEqual({ values: [2], ignored: [] });
  });

  it('a job that becomes a child while it is active here lets its parent go on when it is done', async () => {
    const end = new Subject<number>();
    await wire().app(processor({ hold: () => end }, { queue: 'work' }));
    wire().worker('parents', sum);
    const opts = { jobId: 'adopted' };
    await wire().queue('work').add('hold', 0, opts);
    await wire().ears('work').until('active', 'adopted');
    const children = [{ name: 'hold', queueName: 'work', opts }];
    const { job } = await wire().flow().add({ name: 'sum', queueName: 'parents', children });
    end.next(7);
    end.complete();
    await expect(wire().end(job)).resolves.toEqual({ values: [7], ignored: [] });
  });

  it('a process-step job that moves to waiting-children is woken by children that it has added', async () => {
    await wire().app(ourDoubling);
    const work = wire().queue('work');
    wire().worker('parents', async (job, token) => {
      if (job.data.step === 1) return sum(job);
      for (const data of [1, 2]) {
        await work.add('double', data, { parent: { id: job.id!, queue: job.queueQualifiedName } });
      }
      await job.updateData({ step: 1 });
      if (await job.moveToWaitingChildren(token!)) throw new bullmq.WaitingChildrenError();
      return sum(job);
    });
    const job = await wire().queue('parents').add('steps', {});
    const { values } = (await wire().end(job)) as { values: number[] };
    expect(values.toSorted((a, b) => a - b)).toEqual([2, 4]);
  });

  it('a flow of three generations, of theirs and ours in turn', async () => {
    const middle = processor(
      {
        collect: (job: StepJob) =>
          of(job.name).pipe(
            awaitChildren<string, number>(),
            map((values) => values[0]! + 1),
          ),
      },
      { queue: 'middle' },
    );
    await wire().app(middle);
    wire().worker('work', doubling);
    wire().worker('parents', sum);
    const { job } = await wire()
      .flow()
      .add({
        name: 'sum',
        queueName: 'parents',
        children: [
          {
            name: 'middle',
            queueName: 'middle',
            opts: { failParentOnFailure: true },
            children: [{ name: 'double', queueName: 'work', data: 20 }],
          },
        ],
      });
    await expect(wire().end(job)).resolves.toEqual({ values: [41], ignored: [] });
  });
});

describe.each(bullmqVersions)("parents here and children of BullMQ %s's worker", (_version, bullmq) => {
  const wire = useWire(bullmq);

  const child = (data: number, opts = {}): { queue: string; name: string; data: number; opts: object } => ({
    queue: 'work',
    name: 'double',
    data,
    opts,
  });

  const gathering = processor(
    { gather: (job: StepJob<number[]>) => from(job.data).pipe(awaitChildren((data) => child(data))) },
    { queue: 'parents' },
  );

  it('awaitChildren() passes their results on', async () => {
    const app = await wire().app(gathering);
    wire().worker('work', doubling, { concurrency: 5 });
    const job = await app.queue('parents').add('gather', [1, 2, 3]);
    await expect(job.result()).resolves.toEqual([2, 4, 6]);
  });

  it('awaitChildren() waits for a child that is tried again', async () => {
    const app = await wire().app(
      processor(
        { gather: () => of(1).pipe(awaitChildren((data) => child(data, { attempts: 3 }))) },
        { queue: 'parents' },
      ),
    );
    wire().worker('work', async (job) => {
      if (job.attemptsMade < 2) throw new Error('not yet');
      return doubling(job);
    });
    await expect((await app.queue('parents').add('gather', 0)).result()).resolves.toEqual([2]);
  });

  it('awaitChildren() is told of a failure at once, with its reason', async () => {
    const app = await wire().app(gathering);
    const worker = wire().worker('work', doubling);
    const job = await app.queue('parents').add('gather', [-1, 1]);
    await expect(job.result()).rejects.toMatchObject({
      code: 'CHILD_FAILED',
      message: expect.stringMatching(/^child .*-0 of queue work failed: no -1$/),
    });
    await worker.close();
  });

  it('awaitChildren({ settled }) has the outcome of each', async () => {
    const app = await wire().app(
      processor(
        { gather: () => of(-1, 1).pipe(awaitChildren((data) => child(data), { settled: true })) },
        { queue: 'parents' },
      ),
    );
    wire().worker('work', doubling);
    const job = await app.queue('parents').add('gather', 0);
    await expect(job.result()).resolves.toEqual([
      { status: 'rejected', reason: 'no -1' },
      { status: 'fulfilled', value: 2 },
    ]);
  });

  it("awaitChildren() fails with a child that BullMQ's client removes", async () => {
    const app = await wire().app(gathering);
    const ears = wire().ears('parents');
    const job = await app.queue('parents').add('gather', [1]);
    await ears.until('waiting-children', job.id);
    const [theirs] = await wire().queue('work').getWaiting();
    await theirs!.remove();
    await expect(job.result()).rejects.toThrow('was removed before it had finished');
  });

  it('a job waits for those of addChildren() before it completes', async () => {
    const app = await wire().app(
      processor({ spread: () => from([1, 2]).pipe(addChildren((data) => child(data))) }, { queue: 'parents' }),
    );
    const ears = wire().ears('parents');
    const job = await app.queue('parents').add('spread', 0);
    await ears.until('waiting-children', job.id);
    wire().worker('work', doubling);
    await expect(job.result()).resolves.toBe(2);
  });

  it('a job fails with one of addChildren(), and completes when both are retried', async () => {
    let healed = false;
    const app = await wire().app(
      processor({ spread: () => of(-1).pipe(addChildren((data) => child(data))) }, { queue: 'parents' }),
    );
    wire().worker('work', async ({ data }) => double(healed ? -data : data));
    const job = await app.queue('parents').add('spread', 0);
    await expect(job.result()).rejects.toMatchObject({ code: 'CHILD_FAILED' });
    const theirs = (await wire().queue('parents').getJob(job.id))!;
    expect(theirs.failedReason).toMatch(/^child .*-0 of queue work failed: no -1$/);
    expect(theirs.deferredFailure).toBeUndefined();
    healed = true;
    const [failed] = await wire().queue('work').getFailed();
    await failed!.retry();
    await wire().ears('work').until('completed', failed!.id);
    await theirs.retry();
    await expect(wire().ears('parents').until('completed', job.id)).resolves.toMatchObject({ returnvalue: -1 });
  });

  it('gates one after the other each have their own children', async () => {
    const app = await wire().app(
      processor(
        {
          rounds: () =>
            of(1).pipe(
              addChildren((data) => child(data + 100)),
              awaitChildren<number, number>((data) => [child(data), child(data + 1)]),
              awaitChildren<number[], number>((results) => results.map((data) => child(data))),
            ),
        },
        { queue: 'parents' },
      ),
    );
    wire().worker('work', doubling);
    await expect((await app.queue('parents').add('rounds', 0)).result()).resolves.toEqual([4, 8]);
  });

  it('a gate whose children are done passes, though other children of the job are not', async () => {
    const app = await wire().app(
      processor(
        {
          both: () =>
            of(1).pipe(
              addChildren((data) => ({ ...child(data), queue: 'later' })),
              awaitChildren<number, number>((data) => child(data)),
            ),
        },
        { queue: 'parents' },
      ),
    );
    const ears = wire().ears('parents');
    const kids = wire().ears('work');
    wire().worker('work', doubling);
    const job = await app.queue('parents').add('both', 0);
    await kids.until('completed');
    // BullMQ's worker doesn't wake it, as one child is pending: some seconds later it is looked at, as is now
    await ears.until('waiting-children', job.id);
    await wire().redis.zadd('bull:parents:waiting-children', -1, job.id);
    await wire().redis.zadd('bull:parents:marker', 0, '0');
    // it has passed the gate, and waits for the other child
    await ears.until('waiting-children', job.id, 2);
    wire().worker('later', doubling);
    await expect(job.result()).resolves.toEqual([2]);
  });

  it('a delay is slept to its end, though a child of addChildren() fails meanwhile', async () => {
    const passed: number[] = [];
    const app = await wire().app(
      processor(
        {
          sleep: () =>
            of(-1).pipe(
              addChildren((data) => child(data)),
              delay('1 hour'),
              map((data) => passed.push(data)),
            ),
        },
        { queue: 'parents' },
      ),
    );
    const ears = wire().ears('parents');
    const job = await app.queue('parents').add('sleep', 0);
    const { delay: due } = await ears.until('delayed', job.id);
    wire().worker('work', doubling);
    // BullMQ's worker makes it ready at once
    await expect(ears.until('waiting', job.id, 2)).resolves.toMatchObject({ prev: 'waiting-children' });
    await expect(ears.until('delayed', job.id, 2)).resolves.toMatchObject({ delay: due });
    await expect(job.getState()).resolves.toBe('delayed');
    const theirs = (await wire().queue('parents').getJob(job.id))!;
    expect(theirs.deferredFailure).toBeUndefined();
    expect(passed).toEqual([]);
    await theirs.promote();
    await expect(job.result()).rejects.toMatchObject({ code: 'CHILD_FAILED' });
    expect(passed).toEqual([-1]);
  });

  it('a job promoted by hand passes its delay, though a child had failed before it slept', async () => {
    const heard = wire().ears('work').until('failed');
    const app = await wire().app(
      processor(
        {
          sleep: (job: StepJob) =>
            of(-1).pipe(
              addChildren((data) => child(data)),
              concatMap((data) => heard.then(() => data)), // held until BullMQ's worker has noted the failure in the job
              delay('1 hour'),
              map((data) => data + Number(job.data)),
            ),
        },
        { queue: 'parents' },
      ),
    );
    wire().worker('work', doubling);
    const ears = wire().ears('parents');
    const job = await app.queue('parents').add('sleep', 1);
    await ears.until('delayed', job.id);
    const theirs = (await wire().queue('parents').getJob(job.id))!;
    await theirs.promote();
    await expect(job.result()).rejects.toMatchObject({ code: 'CHILD_FAILED' });
    expect(ears.of(job.id).filter(([event]) => event === 'delayed')).toHaveLength(1);
  });

  it('a flow that runs here has the results of its children from awaitChildren()', async () => {
    await wire().app(processor({ sum: () => of(0).pipe(awaitChildren<number, number>()) }, { queue: 'parents' }));
    wire().worker('work', doubling);
    const { job } = await wire()
      .flow()
      .add({
        name: 'sum',
        queueName: 'parents',
        children: [1, 2].map((data) => ({ name: 'double', queueName: 'work', data, opts: { jobId: `child-${data}` } })),
      });
    await expect(wire().end(job)).resolves.toEqual([2, 4]);
  });

  it("a flow that has not begun fails with BullMQ's reason when a child fails it, and does not run", async () => {
    const runs: string[] = [];
    await wire().app(processor({ sum: (job: StepJob) => defer(() => of(runs.push(job.id))) }, { queue: 'parents' }));
    wire().worker('work', doubling);
    const ears = wire().ears('parents');
    const { job, children } = await wire()
      .flow()
      .add({
        name: 'sum',
        queueName: 'parents',
        opts: { attempts: 5, backoff: 1_000 },
        children: [{ name: 'double', queueName: 'work', data: -1, opts: { failParentOnFailure: true } }],
      });
    const reason = `child bull:work:${children![0]!.job.id} failed`;
    await expect(wire().end(job)).rejects.toThrow(reason);
    expect(runs).toEqual([]);
    const failed = (await wire().queue('parents').getJob(job.id!))!;
    expect(failed).toMatchObject({ failedReason: reason, attemptsMade: 1, attemptsStarted: 1 });
    expect(failed.deferredFailure).toBeUndefined();
    expect(ears.of(job.id!)).toEqual([
      ['added', { name: 'sum' }],
      ['waiting-children', {}],
      ['waiting', { prev: 'waiting-children' }],
      ['active', { prev: 'waiting' }],
      ['failed', { failedReason: reason, prev: 'active', code: 'CHILD_FAILED' }],
    ]);
  });

  it('and fails its own parent so, if it says so', async () => {
    await wire().app(processor({ never: () => of(1) }, { queue: 'parents' }));
    wire().worker('work', doubling);
    const failParent = { failParentOnFailure: true };
    const { job, children } = await wire()
      .flow()
      .add({
        name: 'grandparent',
        queueName: 'parents',
        children: [
          {
            name: 'parent',
            queueName: 'parents',
            opts: failParent,
            children: [{ name: 'double', queueName: 'work', data: -1, opts: failParent }],
          },
        ],
      });
    await expect(wire().end(job)).rejects.toThrow(`child bull:parents:${children![0]!.job.id} failed`);
  });
});
