import { Queue, StoreUnavailableError, memoryEngine, type Engine, type NewJob } from 'stepstream';

const jobs = (count: number) => Array.from({ length: count }, (_, index) => ({ name: 'job', data: index }));

/** An engine that notes what is added in one write, and refuses from the given one on. */
function counted(refuseFrom = Infinity): { readonly engine: Engine; readonly writes: number[] } {
  const real = memoryEngine();
  const writes: number[] = [];
  const add = (added: readonly NewJob[]) => {
    if (writes.length + 1 >= refuseFrom) throw new StoreUnavailableError('no');
    writes.push(added.length);
    return real.add(added);
  };
  return { engine: { ...real, add }, writes };
}

describe('queue.addBulk', () => {
  it('adds up to 1,000 jobs in one write, more in chunks of 1,000', async () => {
    const { engine, writes } = counted();
    const queue = new Queue('work', { connection: engine });
    await queue.addBulk(jobs(1_000));
    const added = await queue.addBulk(jobs(2_001));
    expect(writes).toEqual([1_000, 1_000, 1_000, 1]);
    expect(added.map(({ id }) => id)).toEqual(Array.from({ length: 2_001 }, (_, index) => String(1_001 + index)));
    await queue.close();
  });

  it('of what the store refuses later, the chunks before stay', async () => {
    const { engine } = counted(3);
    const queue = new Queue('work', { connection: engine });
    await expect(queue.addBulk(jobs(3_000))).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(queue.getWaitingCount()).resolves.toBe(2_000);
    await queue.close();
  });

  it('adds none when one of them is wrong', async () => {
    const { engine, writes } = counted();
    const queue = new Queue('work', { connection: engine });
    const wrong = { name: 'job', data: 1, opts: { delay: -1 } };
    await expect(queue.addBulk([...jobs(1_500), wrong])).rejects.toThrow('jobs[1500] "job" of queue "work"');
    expect(writes).toEqual([]);
    await queue.close();
  });
});

describe('what touches all jobs of a queue', () => {
  it('retryJobs, promoteJobs, drain, clean and obliterate go on until all are done', async () => {
    const queue = new Queue('work', { connection: memoryEngine() });
    await queue.addBulk(jobs(2_500).map((job) => ({ ...job, opts: { delay: 60_000 } })));
    await queue.promoteJobs();
    await expect(queue.getJobCounts('waiting', 'delayed')).resolves.toEqual({ waiting: 2_500, delayed: 0 });
    await expect(queue.clean(0, 500, 'wait')).resolves.toHaveLength(500);
    await expect(queue.clean(0, 0, 'wait')).resolves.toHaveLength(2_000);
    await queue.addBulk(jobs(2_500));
    await queue.drain();
    await expect(queue.count()).resolves.toBe(0);
    await queue.addBulk(jobs(2_500));
    await queue.obliterate();
    await expect(queue.count()).resolves.toBe(0);
    await queue.close();
  });
});
