import { JobNotFoundError } from '../../src/errors.js';
import { child, jobs, kids, newJob, next, outcome, type Bench } from './bench.js';

export function addingContract(bench: Bench): void {
  describe('add', () => {
    it('answers the ids in the order of the jobs', async () => {
      const ids = await bench.engine.add([
        newJob({ jobId: 'c' }),
        newJob({ jobId: 'a' }, { queue: 'others' }),
        newJob({ jobId: 'b' }),
      ]);
      expect(ids).toEqual(['c', 'a', 'b']);
      expect(await bench.stateOf('a', 'others')).toBe('waiting');
      expect(await bench.stateOf('a')).toBeUndefined();
    });

    it('numbers the jobs of each queue from 1', async () => {
      expect(await bench.addMany(2)).toEqual(['1', '2']);
      expect(await bench.addMany(1, {}, { queue: 'others' })).toEqual(['1']);
      expect(await bench.addMany(1)).toEqual(['3']);
    });

    it('adds all jobs or none', async () => {
      const broken = [newJob({ jobId: 'a' }), undefined as never, newJob({ jobId: 'b' })];
      await expect(outcome(() => bench.engine.add(broken))).rejects.toThrow();
      expect(await bench.stateOf('a')).toBeUndefined();
      expect(await bench.stateOf('b')).toBeUndefined();
      expect(await bench.claimIds()).toEqual([]);
    });

    it('stores what it is given, and nothing has happened to the job yet', async () => {
      const opts = { attempts: 3, backoff: { type: 'exponential', delay: 10 }, removeOnFail: { age: 5 } } as const;
      const id = await bench.add(opts, { name: 'resize', data: '[1]', timestamp: 1_700_000_000_000 });
      expect(await bench.job(id)).toEqual({
        id,
        queue: jobs,
        name: 'resize',
        data: '[1]',
        opts,
        timestamp: 1_700_000_000_000,
        state: 'waiting',
        due: undefined,
        delay: 0,
        priority: 0,
        seq: 0,
        attemptsMade: 0,
        attemptsStarted: 0,
        stalledCounter: 0,
        processedOn: undefined,
        finishedOn: undefined,
        progress: undefined,
        returnvalue: undefined,
        failedReason: undefined,
        failedCode: undefined,
        stacktrace: [],
        parent: undefined,
        processedBy: undefined,
        deferredFailure: undefined,
        deduplicationId: undefined,
        scheduler: undefined,
        returned: undefined,
        checkpoint: undefined,
        eventId: expect.any(Number),
      });
    });

    it('stores absent data as absent, and no other text as that', async () => {
      const ids = await bench.engine.add(['', 'null', undefined].map((data) => newJob({}, { data })));
      const stored = await Promise.all(ids.map((id) => bench.job(id)));
      expect(stored.map(({ data }) => data)).toEqual(['', 'null', undefined]);
    });

    it('keeps what it was given, whatever is done to the objects afterwards', async () => {
      const opts = { priority: 5, backoff: { type: 'fixed' as const, delay: 10 } };
      const id = await bench.add(opts);
      opts.priority = 1;
      opts.backoff.delay = 99;
      expect((await bench.job(id)).opts).toEqual({ priority: 5, backoff: { type: 'fixed', delay: 10 } });
    });

    it.each(['waiting', 'active', 'completed'])(
      'answers an id that exists, and leaves the %s job as it is',
      async (state) => {
        await bench.add({ jobId: 'mine' }, { data: '"first"' });
        if (state !== 'waiting') {
          const claimed = await bench.claim();
          if (state === 'completed') await bench.engine.complete(claimed.lease, next(claimed), '"done"', 0);
        }
        const { eventId: _, ...before } = await bench.job('mine');
        expect(await bench.add({ jobId: 'mine', priority: 3 }, { data: '"second"', name: 'other' })).toBe('mine');
        expect(await bench.job('mine')).toMatchObject({ ...before, state, data: '"first"' });
        expect(await bench.claimIds()).toEqual(state === 'waiting' ? ['mine'] : []);
      },
    );

    it('adds one job when an id comes twice in one call', async () => {
      expect(await bench.addMany(2, { jobId: 'twin' })).toEqual(['twin', 'twin']);
      expect(await bench.claimIds()).toEqual(['twin']);
    });

    it('tells that a job was duplicated, and nothing else', async () => {
      await bench.add({ jobId: 'mine' });
      const heard = bench.listen();
      await bench.add({ jobId: 'mine' });
      expect(await heard.types('mine')).toEqual(['duplicated']);
    });

    it('delays a job until its timestamp plus its delay', async () => {
      const timestamp = Math.floor(bench.engine.clock.now());
      const id = await bench.add({ delay: 5_000 }, { timestamp });
      expect(await bench.job(id)).toMatchObject({ state: 'delayed', due: timestamp + 5_000 });
      expect(await bench.claimIds()).toEqual([]);
    });

    it('delays a job by a millisecond, if that is all', async () => {
      const timestamp = Math.floor(bench.engine.clock.now()) + 60_000;
      const id = await bench.add({ delay: 1 }, { timestamp });
      expect(await bench.job(id)).toMatchObject({ state: 'delayed', due: timestamp + 1 });
    });

    it('counts a delay from the timestamp, which may be long ago', async () => {
      const id = await bench.add({ delay: 5_000 }, { timestamp: Math.floor(bench.engine.clock.now()) - 6_000 });
      expect(await bench.claimIds()).toEqual([id]);
    });

    it('delays a job of any priority; it is prioritized when it is due', async () => {
      const id = await bench.add({ delay: 1_000, priority: 7 });
      expect(await bench.stateOf(id)).toBe('delayed');
      const heard = bench.listen();
      await bench.advance(1_500);
      const urgent = await bench.add({ priority: 3 });
      expect(await bench.stateOf(urgent)).toBe('prioritized');
      expect(await bench.claimIds()).toEqual([urgent, id]);
      expect(await heard.types(id)).toEqual(['waiting', 'active']);
    });

    it('gives a job the id that it comes with, whatever its options say', async () => {
      const ids = await bench.engine.add([newJob({}, { id: 'a' }), newJob({ jobId: 'other' }, { id: 'b' })]);
      expect(ids).toEqual(['a', 'b']);
      expect(await bench.engine.add([newJob({}, { id: 'a', data: '"second"' })])).toEqual(['a']);
      expect(await bench.claimIds()).toEqual(['a', 'b']);
    });

    it('stores each option under the name by which it was given', async () => {
      const opts = {
        priority: 3,
        lifo: true,
        attempts: 2,
        backoff: { type: 'fixed', delay: 5, jitter: 0.5 },
        removeOnComplete: { age: 5, count: 7, limit: 2 },
        removeOnFail: true,
        deduplication: { id: 'd', ttl: 5_000, extend: true },
        failParentOnFailure: true,
        keepLogs: 3,
        stackTraceLimit: 4,
        sizeLimit: 1_000,
      } as const;
      const id = await bench.add(opts);
      expect((await bench.job(id)).opts).toEqual(opts);
      expect((await bench.claim()).job.opts).toEqual(opts);
      for (const flag of [
        { continueParentOnFailure: true },
        { ignoreDependencyOnFailure: true },
        { removeDependencyOnFailure: true },
      ])
        expect((await bench.job(await bench.add(flag))).opts).toEqual(flag);
    });

    it('tells the delay and the priority of a job', async () => {
      const id = await bench.add({ delay: 5_000, priority: 7 });
      expect(await bench.job(id)).toMatchObject({ delay: 5_000, priority: 7 });
      await bench.engine.promote(jobs, id);
      expect(await bench.job(id)).toMatchObject({ delay: 0, priority: 7 });
    });

    it.each(['fail', 'continue', 'ignore', 'remove', 'wait'] as const)(
      'stores what a child does to its parent when it fails: %s',
      async (onFailure) => {
        const parent = await bench.add();
        const id = await bench.addChildOf(parent, { onFailure });
        expect((await bench.job(id, kids)).parent).toEqual({ queue: jobs, id: parent, group: 'gate', onFailure });
        expect(await bench.engine.children(jobs, parent)).toMatchObject([{ id, onFailure, status: 'pending' }]);
      },
    );

    it('C2: refuses a parent that is not there, and adds nothing', async () => {
      const added = [newJob({ jobId: 'a' }), child('nobody', 'b')];
      await expect(outcome(() => bench.engine.add(added))).rejects.toThrow(JobNotFoundError);
      expect(await bench.claimIds()).toEqual([]);
      expect(await bench.stateOf('b', kids)).toBeUndefined();
    });

    it('C2: takes a parent that comes before its children in the list, and none that comes after', async () => {
      await expect(outcome(() => bench.engine.add([child('p', 'b'), newJob({ jobId: 'p' })]))).rejects.toThrow(
        JobNotFoundError,
      );
      expect(await bench.stateOf('p')).toBeUndefined();
      expect(await bench.engine.add([newJob({ jobId: 'p' }), child('p', 'b')])).toEqual(['p', 'b']);
      expect(await bench.engine.children(jobs, 'p')).toMatchObject([{ id: 'b' }]);
    });

    it('C2: refuses a write with a child of a parent that is not there: nothing is written', async () => {
      const claimed = await bench.begin();
      const before = await bench.seen(claimed.job.id);
      const write = next(claimed, { progress: '1', children: [child(claimed.job.id, 'a'), child('nobody', 'b')] });
      await expect(outcome(() => bench.engine.checkpoint(claimed.lease, write))).rejects.toThrow(JobNotFoundError);
      expect(await bench.seen(claimed.job.id)).toEqual(before);
      expect(await bench.stateOf('a', kids)).toBeUndefined();
      await bench.engine.checkpoint(claimed.lease, next(claimed));
    });

    it('makes no child of an id that exists', async () => {
      const parent = await bench.add();
      await bench.add({ jobId: 'mine' }, { queue: kids });
      expect(await bench.engine.add([child(parent, 'mine')])).toEqual(['mine']);
      expect(await bench.engine.children(jobs, parent)).toEqual([]);
      expect((await bench.job('mine', kids)).parent).toBeUndefined();
    });

    it('X1: takes names that JavaScript objects have of their own', async () => {
      const id = await bench.add({ jobId: '__proto__' }, { queue: 'constructor', name: 'toString' });
      expect(await bench.stateOf('hasOwnProperty', 'constructor')).toBeUndefined();
      expect(await bench.engine.children('constructor', id, '__proto__')).toEqual([]);
      const claimed = await bench.claim('constructor');
      const fields = new Map([['__proto__', 'kept']]);
      await bench.engine.checkpoint(claimed.lease, next(claimed, { fields }));
      const job = await bench.job('__proto__', 'constructor');
      expect(job).toMatchObject({ id: '__proto__', name: 'toString', state: 'active' });
      expect(job.checkpoint?.fields).toEqual(fields);
    });
  });
}
