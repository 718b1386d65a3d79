import { child, failure, jobs, next, type Bench } from './bench.js';

export function tellingContract(bench: Bench): void {
  describe('events of the queue', () => {
    it('tell that it is paused, and resumed', async () => {
      const heard = bench.listen();
      await bench.engine.pause(jobs);
      await bench.engine.resume(jobs);
      expect(await heard.everything()).toMatchObject([
        { type: 'paused', jobId: '' },
        { type: 'resumed', jobId: '' },
      ]);
    });

    it('tell that it is drained: a job has finished, and none is active or waits', async () => {
      await bench.addMany(2);
      await bench.add({ delay: 60_000 });
      const [first, second] = await bench.claimUpTo(2);
      const third = await bench.add({ priority: 3 });
      const heard = bench.listen();
      const drained = async (): Promise<number> =>
        (await heard.everything()).filter(({ type }) => type === 'drained').length;
      await bench.complete(first!);
      await bench.complete(second!);
      expect(await drained()).toBe(0);
      const claimed = await bench.claim();
      expect(claimed.job.id).toBe(third);
      expect(await drained()).toBe(0);
      await bench.fail(claimed);
      expect(await drained()).toBe(1);
      expect((await heard.everything()).at(-1)).toMatchObject({ type: 'drained', jobId: '' });
    });

    it('are not told to those who listen to a job', async () => {
      const id = await bench.add();
      const heard = bench.listen(jobs, id);
      await bench.engine.pause(jobs);
      await bench.engine.resume(jobs);
      await bench.complete(await bench.claim());
      expect((await heard.everything()).map(({ type }) => type)).toEqual(['active', 'completed']);
    });
  });

  describe('retries-exhausted', () => {
    const exhausted = async (attempts: number, fails: number): Promise<readonly unknown[]> => {
      const heard = bench.listen();
      await bench.add({ attempts });
      for (let times = 1; times < fails; times++) {
        const claimed = await bench.claim();
        await bench.engine.fail(claimed.lease, next(claimed), failure(), bench.engine.clock.now());
      }
      await bench.fail(await bench.claim());
      return (await heard.everything()).filter(({ type }) => type === 'retries-exhausted');
    };

    it('is told when a job fails for good with all of its attempts made', async () => {
      expect(await exhausted(2, 2)).toMatchObject([{ jobId: '1', attemptsMade: 2 }]);
    });

    it('is not told when attempts are left', async () => {
      expect(await exhausted(3, 2)).toEqual([]);
    });
  });

  describe('an event', () => {
    it('tells the state that the job was in before', async () => {
      const heard = bench.listen();
      const claimed = await bench.begin();
      await bench.engine.fail(claimed.lease, next(claimed), failure(), bench.engine.clock.now());
      const again = await bench.claim();
      await bench.engine.checkpoint(again.lease, next(again, { children: [child(again.job.id, 'k-0')] }));
      await bench.engine.moveToWaitingChildren(again.lease, { seq: next(again).seq + 1 }, { groups: ['gate'] });
      await bench.completeChild();
      await bench.complete(await bench.claim());
      await bench.fail(await bench.begin());
      await bench.engine.retry(jobs, claimed.job.id);
      await bench.engine.remove(jobs, claimed.job.id);
      const delayed = await bench.add({ delay: 60_000 });
      await bench.engine.promote(jobs, delayed);
      const events = (await heard.all()).map(({ type, prev }) => (prev === undefined ? [type] : [type, prev]));
      expect(events).toEqual([
        ['added'],
        ['waiting'],
        ['active', 'waiting'],
        ['waiting', 'active'],
        ['active', 'waiting'],
        ['waiting-children', 'active'],
        ['waiting', 'waiting-children'],
        ['active', 'waiting'],
        ['completed', 'active'],
        ['added'],
        ['waiting'],
        ['active', 'waiting'],
        ['failed', 'active'],
        ['waiting', 'completed'],
        ['removed', 'waiting'],
        ['added'],
        ['delayed'],
        ['waiting', 'delayed'],
      ]);
    });

    it('can be listened on from, as far as the store still has what came after', async () => {
      const heard = bench.listen();
      await bench.addMany(2);
      const events = await heard.all();
      expect(new Set(events.map(({ entry }) => entry)).size).toBe(4);
      const late = bench.listen(jobs, undefined, events[1]!.entry);
      const third = await bench.add();
      const told = await late.all();
      expect(told.slice(-2)).toMatchObject([{ jobId: third }, { jobId: third }]);
      const kept = told.slice(0, -2).map(({ id }) => id);
      expect([[], events.slice(2).map(({ id }) => id)]).toContainEqual(kept);
      const ofOne = bench.listen(jobs, third, events[1]!.entry);
      await bench.claimIds();
      expect((await ofOne.types()).at(-1)).toBe('active');
    });
  });

  describe('trimEvents', () => {
    it('removes events, and nothing else', async () => {
      const id = await bench.add();
      const { eventId: _, ...before } = await bench.job(id);
      expect(await bench.engine.trimEvents(jobs, 0)).toBeGreaterThanOrEqual(0);
      expect(await bench.job(id)).toMatchObject(before);
      const heard = bench.listen();
      await bench.claim();
      expect(await heard.types()).toEqual(['active']);
    });
  });

  describe('clients', () => {
    it('are rows of text, of whoever works on the queue or hears its events', async () => {
      bench.watch();
      bench.listen();
      for (const kind of ['workers', 'events'] as const) {
        for (const row of await bench.engine.clients(jobs, kind)) {
          expect(Object.values(row).every((value) => typeof value === 'string')).toBe(true);
        }
      }
    });
  });
}
