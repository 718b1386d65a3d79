import { of } from 'rxjs';
import type { FlowJob, JobsOptions } from 'bullmq';
import type { StepJob } from 'stepstream';
import { processor } from '../support/processor.js';
import { bullmqVersions } from './bullmq.js';
import { dumpOf } from './dump.js';
import { useWire, type Wire } from './wire.js';

/** What our workers leave that BullMQ's don't, or the other way round. */
const intendedDifferences: readonly (readonly [what: RegExp, why: string])[] = [
  [/^bull::(claims|receipt):\S+ string expires .*/, 'a call that is sent again finds its answer there, for a minute'],
  [/^\S+ hash (ss|sw|sb|sd)=.*/, 'cursor and run counter, the last write, stalls before it, until when it slept'],
  [/^\S+ hash (sc=|sf:).*| code=\S+$/, 'an error of ours keeps its class; a parent, why a child has failed'],
  [/ progress=\{"step":.*$/, 'the last emission travels with the end, in one event'],
  [/^\S+ hash returnvalue=null$|(?<=returnvalue=) ?null\b/, 'undefined is told from null: it is absence'],
  [/^\S+:stalled-check .*/, 'the dead are found by their locks and connections'],
  [/^\S+:marker .*/, 'is there and not there, on both sides: who waits takes it'],
];

/** What both sides do with a job. */
function work({ data, attemptsMade }: { readonly data: any; readonly attemptsMade: number }): unknown {
  if (data === 'fail' || attemptsMade < data.failures) throw new Error('broken');
  return data.returns;
}

/** What a plain job can go through, one after the other. */
async function scenario(wire: Wire): Promise<readonly string[]> {
  const queue = wire.queue('work');
  const run = async (data: unknown, opts = {}): Promise<unknown> =>
    wire.end(await queue.add('run', data, opts)).catch(() => 'failed');
  await run({ returns: { deep: [1, 'ü'] } });
  await run({});
  await run('fail');
  await run({ failures: 1, returns: 1 }, { attempts: 2 });
  await run({ returns: 'high' }, { priority: 7 });
  await run({ returns: 'gone' }, { removeOnComplete: true });
  await run('fail', { removeOnFail: true });
  await run({ returns: 1 }, { deduplication: { id: 'ended' } });
  await run({ returns: 1 }, { deduplication: { id: 'kept', ttl: 3_600_000 } });
  await run({ returns: 'one of two' }, { removeOnComplete: 8 });
  await runDelayed(wire, { returns: 'late' }, { delay: 3_600_000 });
  await runDelayed(wire, 'fail', { attempts: 3, backoff: { type: 'exponential', delay: 3_600_000 } });
  for (const flag of ['failParent', 'continueParent', 'ignoreDependency', 'removeDependency']) {
    const child = (jobId: string, data: unknown): FlowJob => ({
      name: 'run',
      queueName: 'work',
      data,
      opts: { jobId: `${flag}-${jobId}`, [`${flag}OnFailure`]: true },
    });
    const { job } = await wire.flow().add({
      name: 'run',
      queueName: 'parents',
      data: { returns: 'parent' },
      opts: { jobId: flag },
      children: [child('good', { returns: 'child' }), child('bad', 'fail')],
    });
    await wire.end(job).catch(() => 'failed');
  }
  await queue.pause();
  for (const opts of [{}, { lifo: true }, { priority: 3 }, { delay: 3_600_000 }]) await queue.add('run', {}, opts);
  return dumpOf(wire.redis);
}

/** A job that is delayed, by its options or before it is tried again: no time passes, it is promoted. */
async function runDelayed(wire: Wire, data: unknown, opts: JobsOptions): Promise<void> {
  const ears = wire.ears('work');
  const job = await wire.queue('work').add('run', data, opts);
  for (let i = 1; i < (opts.attempts ?? 2); i++) {
    await ears.until('delayed', job.id, i);
    await job.promote();
  }
  await wire.end(job).catch(() => 'failed');
}

describe.each(bullmqVersions)("what our workers leave in Redis, beside BullMQ %s's", (_version, bullmq) => {
  const wire = useWire(bullmq);

  it('the same keys, types, fields and events, but for the intended differences', async () => {
    const theirs = ['work', 'parents'].map((name) => wire().worker(name, async (job) => work(job)));
    const expected = await scenario(wire());
    await Promise.all(theirs.map((worker) => worker.close()));
    await wire().redis.flushall();
    const run = (job: StepJob): unknown => of(work(job));
    await wire().app(processor({ run }), processor({ run }, { queue: 'parents' }));
    const actual = await scenario(wire());
    expect(withoutIntended(actual)).toEqual(withoutIntended(expected));
  });
});

function withoutIntended(lines: readonly string[]): readonly string[] {
  return lines
    .map((line) => intendedDifferences.reduce((left, [what]) => left.replace(what, ''), line))
    .filter((line) => line !== '');
}
