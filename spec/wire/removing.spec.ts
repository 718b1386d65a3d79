import { merge, NEVER, of, Subject, throwError } from 'rxjs';
import { addChildren, awaitChildren, checkpoint, delay, type App, type StepJob } from 'stepstream';
import { processor } from '../support/processor.js';
import { bullmqVersions } from './bullmq.js';
import { useWire } from './wire.js';

describe.each(bullmqVersions)(
  'what BullMQ %s removes of jobs that ran here leaves nothing behind',
  (_version, bullmq) => {
    const wire = useWire(bullmq);

    /** Ends the jobs that are active. */
    let end: Subject<void>;
    const work = processor(
      {
        first: (job: StepJob) => of(job.log('a row')).pipe(checkpoint()),
        second: ({ name }: StepJob) => {
          const time = of(1).pipe(delay('1 hour'));
          const children = of(1).pipe(awaitChildren(() => ({ queue: 'kids', name: 'kid' })));
          switch (name) {
            case 'delayed':
              return time;
            case 'waiting-children':
              return children;
            case 'both':
              return merge(time, children);
            case 'beside':
              return of(1).pipe(addChildren(() => ({ queue: 'kids', name: 'kid' })));
            case 'parent':
              return of(1).pipe(awaitChildren(() => ({ queue: 'work', name: 'completed' })));
            case 'failed':
              return throwError(() => new Error('broken'));
            default:
              return name === 'active' ? merge(NEVER, end) : of(1);
          }
        },
      },
      { concurrency: 20 },
    );
    beforeEach(() => {
      end = new Subject();
    });

    const names = ['delayed', 'waiting-children', 'both', 'beside', 'parent', 'failed', 'completed'] as const;

    /** A job in each state, and what there is before they are claimed. */
    async function zoo(): Promise<{ app: App; ids: Readonly<Record<string, string>> }> {
      const app = await wire().app(work);
      const ears = wire().ears('work');
      const queue = app.queue('work');
      const ids: Record<string, string> = {};
      for (const name of names) {
        ids[name] = (await queue.add(name, {})).id;
      }
      await ears.until('delayed', ids['delayed']);
      for (const name of ['waiting-children', 'both', 'beside']) await ears.until('waiting-children', ids[name]);
      await ears.until('failed', ids['failed']);
      await ears.until('completed', ids['completed']);
      await ears.until('completed', ids['parent']);
      await app.engine.pause('work');
      ids['waiting'] = (await queue.add('waiting', {})).id;
      ids['prioritized'] = (await queue.add('prioritized', {}, { priority: 1 })).id;
      ids['added with a delay'] = (await queue.add('later', {}, { delay: 3_600_000 })).id;
      return { app, ids };
    }

    /** All keys but those that each queue has; ours that end by themselves. */
    async function keysLeft(): Promise<readonly string[]> {
      const keys = await wire().redis.keys('*');
      const ending = keys.filter((key) => key.startsWith('bull::'));
      for (const key of ending) {
        const ttl = await wire().redis.pttl(key);
        expect(ttl === -2 || (ttl > 0 && ttl <= 60_000)).toBe(true);
      }
      return keys
        .filter(
          (key) => !ending.includes(key) && !/^bull:(work|kids):(meta|events|id|marker|pc|stalled-check)$/.test(key),
        )
        .toSorted();
    }

    it('remove() of a job in each state', async () => {
      const { ids } = await zoo();
      const queue = wire().queue('work');
      const ears = wire().ears('work');
      for (const [name, id] of Object.entries(ids)) {
        await expect(queue.remove(id)).resolves.toBe(1);
        await expect(ears.until('removed', id)).resolves.toMatchObject({ jobId: id });
        await expect(queue.getJob(id)).resolves.toBeUndefined();
        expect(name).toBeTruthy();
      }
      await expect(keysLeft()).resolves.toEqual([]);
    });

    it('remove() leaves an active job, until it has ended', async () => {
      const app = await wire().app(work);
      const job = await app.queue('work').add('active', {});
      await wire().ears('work').until('active', job.id);
      const queue = wire().queue('work');
      await expect(queue.remove(job.id)).resolves.toBe(0);
      end.error(new Error('enough'));
      await expect(job.result()).rejects.toThrow('enough');
      await expect(queue.remove(job.id)).resolves.toBe(1);
      await expect(keysLeft()).resolves.toEqual([]);
    });

    it('clean() of each state', async () => {
      const { ids } = await zoo();
      const queue = wire().queue('work');
      for (const state of ['wait', 'delayed', 'prioritized', 'completed', 'failed'] as const) {
        await expect(queue.clean(0, 0, state).then((cleaned) => cleaned.length)).resolves.toBeGreaterThan(0);
      }
      const stay = ['waiting-children', 'both', 'beside'];
      await expect(queue.getJobCounts()).resolves.toMatchObject({ 'waiting-children': stay.length });
      for (const name of stay) await queue.remove(ids[name]!);
      await expect(keysLeft()).resolves.toEqual([]);
    });

    it('drain() of what waits, with and without what is delayed', async () => {
      const { ids } = await zoo();
      const queue = wire().queue('work');
      await queue.drain();
      await expect(queue.getJobCounts()).resolves.toMatchObject({ waiting: 0, prioritized: 0, delayed: 2 });
      await queue.drain(true);
      await expect(queue.getJobCounts()).resolves.toMatchObject({ delayed: 0, 'waiting-children': 3 });
      for (const name of ['waiting-children', 'both', 'beside', 'parent', 'failed', 'completed']) {
        await queue.remove(ids[name]!);
      }
      await expect(keysLeft()).resolves.toEqual([]);
    });

    it('obliterate() of the queues', async () => {
      const { app } = await zoo();
      await app.close();
      const [queue, kids] = [wire().queue('work'), wire().queue('kids')];
      await kids.pause();
      await kids.obliterate(); // their parents, woken by it, wait now
      await queue.obliterate();
      const left = await wire().redis.keys('bull:*');
      expect(left.filter((key) => !key.startsWith('bull::'))).toEqual([]);
    });

    it('obliterate({ force }) with an active job, whose write is refused then', async () => {
      const app = await wire().app(work);
      const job = await app.queue('work').add('active', {});
      await wire().ears('work').until('active', job.id);
      const ended = new Promise((resolve) => app.worker(work).on('lockRenewalFailed', resolve));
      const errors: Error[] = [];
      app.worker(work).on('error', (error) => errors.push(error));
      const queue = wire().queue('work');
      await queue.pause();
      await queue.obliterate({ force: true });
      end.error(new Error('too late'));
      await expect(ended).resolves.toEqual([job.id]);
      expect(errors).toMatchObject([{ code: 'LEASE_LOST' }]);
      await expect(keysLeft()).resolves.toEqual([]);
    });

    it('a removed parent takes its unfinished children along', async () => {
      const { ids } = await zoo();
      const kids = wire().queue('kids');
      await expect(kids.getWaitingCount()).resolves.toBe(3);
      await wire().queue('work').remove(ids['both']!);
      await expect(kids.getWaitingCount()).resolves.toBe(2);
    });

    it('what is removed here leaves nothing behind either', async () => {
      const { app, ids } = await zoo();
      for (const [name, id] of Object.entries(ids)) {
        await expect(app.engine.remove('work', id)).resolves.toBe('removed');
        expect(name).toBeTruthy();
      }
      await app.engine.clean('work', 'completed', 0, 10); // a child that was done
      await expect(keysLeft()).resolves.toEqual([]);
    });

    it('jobs that keep nothing of themselves leave nothing behind', async () => {
      const app = await wire().app(
        processor({
          run: () =>
            of(1).pipe(awaitChildren(() => ({ queue: 'kids', name: 'kid', opts: { removeOnComplete: true } }))),
        }),
      );
      wire().worker('kids', async () => 'done');
      const job = await app.queue('work').add('run', {}, { removeOnComplete: true });
      await expect(job.result()).resolves.toEqual(['done']);
      await expect(keysLeft()).resolves.toEqual([]);
    });
  },
);
