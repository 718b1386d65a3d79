import type { Redis } from 'ioredis';
import type { Claimed, Engine } from '../../../src/engine/engine.js';
import { child, failure, jobs, kids, newJob, next } from '../../contract/bench.js';

/** An hour: nothing runs out while it is used. */
const lockDuration = 3_600_000;

/** Has an engine on Redis do so much that each of its commands is sent; waits for nothing any more once it is aborted. */
export async function useEveryCommand(
  engine: Engine,
  prefix: string,
  admin: Redis,
  aborted: AbortSignal = new AbortController().signal,
): Promise<void> {
  const claim = async (queue = jobs): Promise<Claimed> => {
    const [claimed] = await engine.claim(queue, { limit: 1, lockDuration });
    if (!claimed) throw new Error(`there is no job in ${queue}`);
    return claimed;
  };
  const add = async (opts: object = {}): Promise<string> => (await engine.add([newJob(opts)]))[0]!;

  // --- to watch and to listen ---
  const heardOf = (queue: string): Promise<unknown> => new Promise((resolve) => engine.events(queue, resolve));
  engine.watch(jobs, () => true);
  const waits = (client: string): boolean => client.includes(`name=${prefix}:`) && /:w:\S+ .*flags=b/.test(client);
  while (
    !aborted.aborted &&
    !String(await admin.client('LIST'))
      .split('\n')
      .some(waits)
  );
  const heard = heardOf(jobs);
  await add();
  await heard;
  const heardToo = heardOf(kids); // ends the wait for what happens in `jobs` alone
  await engine.add([newJob({}, { queue: kids })]);
  await heardToo;

  // --- what happens to a job from outside ---
  const [sleeper, row, lifo] = [await add({ delay: 1e9 }), await add({ keepLogs: 1 }), await add({ lifo: true })];
  await add({ priority: 1 });
  await add({ priority: 1 });
  await engine.changeDelay(jobs, sleeper, engine.clock.now() + 1e6);
  await engine.promote(jobs, sleeper);
  await engine.remove(jobs, sleeper);
  await engine.updateData(jobs, row, '"new"');
  for (const text of ['row', 'another']) await engine.log(jobs, row, text);
  await engine.logs(jobs, row);
  await engine.cancel(jobs, lifo, 'not needed');
  await engine.retry(jobs, lifo);
  await engine.pause(jobs);
  await engine.resume(jobs);
  await engine.queues();
  await engine.counts(jobs);
  await engine.countsPerPriority(jobs, [0, 1]);
  for (const state of ['waiting', 'prioritized', 'completed'] as const) await engine.list(jobs, state);

  // --- work ---
  const parent = await claim();
  const { id } = parent.job;
  await engine.renew([parent.lease], lockDuration);
  const fields = new Map([['field', 'value']]);
  const children = [child(id, 'one'), child(id, 'two', 'fail'), child(id, 'two', 'fail')];
  await engine.checkpoint(parent.lease, next(parent, { children, fields, progress: '1' }));
  await engine.moveToWaitingChildren(parent.lease, { seq: 2 }, { groups: ['gate'], all: { failuresSeen: 0 } });
  await claim(kids);
  const [one, two] = [await claim(kids), await claim(kids)];
  await engine.complete(one.lease, next(one), '1', 0);
  await engine.fail(two.lease, next(two), failure());
  await engine.children(jobs, id);
  const resumed = await claim();
  await engine.complete(resumed.lease, next(resumed), '1', 1);
  const again = await claim();
  await engine.fail(again.lease, next(again), failure(), 1);
  const deduplication = { id: 'one', ttl: 1e9, keepLastIfActive: true };
  await add({ deduplication });
  await engine.claim(jobs, { limit: 100, lockDuration });
  await add({ deduplication });
  await engine.clean(jobs, 'completed', -1_000, 10);
  await engine.obliterate('nowhere', false);

  // --- a worker that dies ---
  const lock = `${prefix}:${jobs}:${again.job.id}:lock`;
  await admin.set(lock, '9999:process:1');
  await engine.recoverStalled(jobs, 1);
  await engine.recoverStalled(jobs, 1);
  await admin.del(lock);
  await engine.recoverStalled(jobs, 1);
}
