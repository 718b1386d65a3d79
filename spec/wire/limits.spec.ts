import { of, Subject } from 'rxjs';
import type { StepJob } from 'stepstream';
import { processor } from '../support/processor.js';
import { bullmqVersions } from './bullmq.js';
import { useWire } from './wire.js';

describe.each(bullmqVersions)("limits that are set by BullMQ %s's Queue hold here", (_version, bullmq) => {
  const wire = useWire(bullmq);

  it('global concurrency: no more jobs are active, over all workers; the next begins when one has ended', async () => {
    const running: Subject<string>[] = [];
    let began = (): void => {};
    const begun = (count: number): Promise<void> =>
      new Promise((resolve) => {
        began = () => running.length >= count && resolve();
        began();
      });
    const run = (): Subject<string> => {
      const end = new Subject<string>();
      running.push(end);
      began();
      return end;
    };
    const work = processor({ run }, { concurrency: 10 });
    const queue = wire().queue('work');
    await queue.setGlobalConcurrency(2);
    const [app] = await Promise.all([wire().app(work), wire().app(work)]);
    await queue.addBulk([1, 2, 3, 4, 5].map((data) => ({ name: 'run', data })));
    for (let ended = 0; ended < 3; ended++) {
      await begun(ended + 2);
      await expect(app.engine.claim('work', { limit: 10, lockDuration: 1_000 })).resolves.toEqual([]);
      await expect(queue.isMaxed()).resolves.toBe(true);
      await expect(queue.getActiveCount()).resolves.toBe(2);
      running[ended]!.next('done');
      running[ended]!.complete();
    }
    await begun(5);
    for (const end of running.slice(3)) end.complete();
    await wire().ears('work').until('completed', undefined, 5);
  });

  it('global rate: so many jobs begin in the time, the others when it is over', async () => {
    const queue = wire().queue('work');
    await queue.setGlobalRateLimit(2, 80);
    await wire().app(processor({ run: () => of(1) }, { concurrency: 10 }));
    await queue.addBulk([1, 2, 3, 4, 5].map((data) => ({ name: 'run', data })));
    await wire().ears('work').until('completed', undefined, 5);
    const events = await wire().redis.xrange('bull:work:events', '-', '+');
    const times = events.filter(([, fields]) => fields[1] === 'active').map(([id]) => Number.parseInt(id, 10));
    // a time begins with the first job after the last one is over
    const begun: number[][] = [];
    for (const time of times) {
      const last = begun.at(-1);
      if (last && time < last[0]! + 80 - 1) last.push(time);
      else begun.push([time]);
    }
    expect(begun.map((each) => each.length)).toEqual(begun.map((each) => Math.min(each.length, 2)));
  });

  it('rateLimit(): no job begins for that time', async () => {
    const queue = wire().queue('work');
    const [seconds, micros] = await wire().redis.time();
    await queue.rateLimit(80);
    await wire().app(processor({ run: (job: StepJob) => of(job.id) }));
    const job = await queue.add('run', {});
    await wire().end(job);
    const { processedOn } = (await queue.getJob(job.id!))!;
    expect(processedOn).toBeGreaterThanOrEqual(Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000) + 80);
  });

  it('getWorkers() sees the workers of this side, while they run', async () => {
    const work = processor({ run: () => of(1) });
    const app = await wire().app(work, processor({ run: () => of(1) }, { queue: 'other' }));
    const queue = wire().queue('work');
    await wire().end(await queue.add('run', {})); // it is connected
    await expect(queue.getWorkers()).resolves.toMatchObject([
      { name: 'work', rawname: expect.stringMatching(/^bull:d29yaw==:w:stepstream-/) },
    ]);
    await expect(queue.getWorkersCount()).resolves.toBe(1);
    await app.close();
    while ((await queue.getWorkersCount()) > 0); // until Redis has noticed
  });
});
