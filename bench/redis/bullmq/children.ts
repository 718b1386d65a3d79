import { WaitingChildrenError, type Job } from 'bullmq';
import { countdown } from '../countdown.js';
import type { Workload } from '../workload.js';
import { openQueue, openWorker, preload } from './open.js';

const perParent = 10;

/** Parents that add ten children, wait for them, and read their results. */
export const run: Workload = async (stage, { size, concurrency }) => {
  const [parents, children] = [await openQueue(stage.url, 'parents'), await openQueue(stage.url, 'children')];
  await preload(parents, size, () => ({ step: 0 }));
  const done = countdown(size);
  const process = async (job: Job, token: string): Promise<number> => {
    if ((job.data as { readonly step: number }).step === 0) {
      const opts = { parent: { id: job.id!, queue: job.queueQualifiedName } };
      await children.addBulk(Array.from({ length: perParent }, (_, n) => ({ name: 'child', data: { n }, opts })));
      await job.updateData({ step: 1 });
      if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
    }
    const results = Object.values(await job.getChildrenValues());
    if (results.length !== perParent) throw new Error(`${results.length} results of ${perParent} children`);
    done.hit();
    return results.length;
  };
  const workers = [
    await openWorker(stage.url, 'parents', concurrency, process, done),
    await openWorker(stage.url, 'children', concurrency, async ({ data }) => (data as { n: number }).n, done),
  ];
  const figures = await stage.clock(size, async () => {
    for (const worker of workers) void worker.run();
    await done.reached;
    await stage.holds('parents', 'completed', size);
    await stage.holds('children', 'completed', size * perParent);
  });
  await Promise.all(workers.map((worker) => worker.close()));
  await Promise.all([parents.close(), children.close()]);
  return figures;
};
