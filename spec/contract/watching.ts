import { jobs, lockDuration, newJob, next, outcome, type Bench } from './bench.js';

export function watchingContract(bench: Bench): void {
  describe('watch', () => {
    it('wakes when a job is added', async () => {
      const watching = bench.watch();
      const id = await bench.add();
      await watching.woken();
      expect(await bench.claimIds()).toEqual([id]);
    });

    it('wakes each who watches', async () => {
      const all = [bench.watch(), bench.watch(), bench.watch()];
      await bench.addMany(3);
      await Promise.all(all.map((each) => each.woken()));
    });

    it('wakes one who comes when jobs wait already', async () => {
      await bench.add();
      await bench.watch().woken();
    });

    it('wakes again and again', async () => {
      const watching = bench.watch();
      for (let round = 0; round < 5; round++) {
        const before = watching.times;
        await bench.add();
        await watching.woken(before);
        expect(await bench.claimUpTo(5)).toHaveLength(1);
      }
    });

    it('is not woken within the call', async () => {
      const order: string[] = [];
      const woken = new Promise<void>((resolve) => {
        bench.engine.watch(jobs, () => {
          order.push('woken');
          resolve();
        });
      });
      order.push('watching');
      const adding = bench.engine.add([{ queue: jobs, name: 'a', data: '1', opts: {}, timestamp: 0 }]);
      order.push('returned');
      await adding;
      await woken;
      expect(order.slice(0, 3)).toEqual(['watching', 'returned', 'woken']);
    });

    it('is not woken within the call when jobs wait already', async () => {
      await bench.add();
      let within = true;
      await new Promise<void>((resolve) => {
        bench.engine.watch(jobs, () => {
          expect(within).toBe(false);
          resolve();
        });
        within = false;
      });
    });

    it('I8: wakes when a delayed job is due, and not long before', async () => {
      await bench.add({ delay: 1_000 });
      const watching = bench.watch();
      await bench.advance(500);
      expect(await bench.claimIds()).toEqual([]);
      const before = watching.times;
      await bench.advance(1_000);
      await watching.woken(before);
      expect(await bench.claimIds()).toHaveLength(1);
    });

    it('wakes for the job that is due first, in whatever order they came', async () => {
      const watching = bench.watch();
      const due = bench.engine.clock.now();
      for (const [jobId, after] of [
        ['b', 2_000],
        ['c', 4_000],
        ['a', 1_000],
      ] as const) {
        const claimed = await bench.begin({ jobId });
        await bench.engine.moveToDelayed(claimed.lease, next(claimed), due + after);
      }
      for (const [quiet, expected] of [
        [700, 'a'],
        [400, 'b'],
        [1_400, 'c'],
      ] as const) {
        await bench.advance(quiet);
        const before = watching.times; // what the claim before had to tell was told
        await bench.advance(600);
        await watching.woken(before);
        expect(await bench.claimIds()).toEqual([expected]);
      }
    });

    it('wakes one who has stopped and watches again', async () => {
      bench.watch().stop();
      await bench.add({ delay: 500 });
      const first = bench.watch();
      first.stop();
      const again = bench.watch();
      await bench.advance(1_000);
      await again.woken();
      expect(first.times).toBe(0);
    });

    it('wakes for a due time that was set before anybody watched', async () => {
      await bench.add({ delay: 500 });
      await bench.advance(1_000);
      await bench.watch().woken();
      expect(await bench.claimIds()).toHaveLength(1);
    });

    it('wakes one who comes after another was woken and has not claimed', async () => {
      await bench.add({ delay: 500 });
      const first = bench.watch();
      await bench.advance(1_000);
      await first.woken();
      await bench.watch().woken();
      expect(await bench.claimIds()).toHaveLength(1);
    });

    it('I10: wakes when a parent is woken by its children', async () => {
      const parent = await bench.waitingParent(['k-0']);
      const watching = bench.watch();
      await bench.completeChild();
      await watching.woken();
      expect(await bench.claimIds()).toEqual([parent]);
    });

    it('I10: wakes when a parent that waits for children is due', async () => {
      const parent = await bench.begin();
      const due = bench.engine.clock.now() + 500;
      await bench.addChildOf(parent.job.id);
      const watching = bench.watch();
      await bench.engine.moveToWaitingChildren(parent.lease, next(parent), { groups: ['gate'], due });
      await bench.advance(1_000);
      await watching.woken();
      expect(await bench.claimIds()).toEqual([parent.job.id]);
    });

    it('wakes when a job is put back: released, tried again at once, recovered', async () => {
      const watching = bench.watch();
      const { engine } = bench;
      const claimed = await bench.begin();
      let before = watching.times;
      await engine.release(claimed.lease, next(claimed));
      await watching.woken(before);
      const again = await bench.claim();
      before = watching.times;
      await engine.fail(
        again.lease,
        next(again),
        { reason: '', code: undefined, stack: undefined },
        engine.clock.now(),
      );
      await watching.woken(before);
      await bench.claim();
      await bench.advance(1.5 * lockDuration);
      before = watching.times;
      await engine.recoverStalled(jobs, 1);
      await watching.woken(before);
      expect(await bench.claimIds()).toHaveLength(1);
    });

    it('is not woken for another queue', async () => {
      const watching = bench.watch('others');
      const control = bench.watch();
      await bench.add();
      await control.woken();
      expect(watching.times).toBe(0);
    });

    it('is not woken any more after it has stopped', async () => {
      const ended = bench.watch();
      const control = bench.watch();
      const adding = outcome(() => bench.engine.add([{ queue: jobs, name: 'a', data: '1', opts: {}, timestamp: 0 }]));
      ended.stop();
      ended.stop(); // twice does nothing
      await adding;
      await control.woken();
      expect(ended.times).toBe(0);
    });

    it('may be stopped by one who is woken, and by no other way than that', async () => {
      const control = bench.watch();
      let times = 0;
      const stop = bench.engine.watch(jobs, () => {
        times++;
        stop();
      });
      for (let round = 0; round < 3; round++) {
        const before = control.times;
        await bench.add();
        await control.woken(before);
      }
      expect(times).toBe(1);
    });
  });

  describe('close', () => {
    it('I11: ends timers and subscriptions, whatever is under way', async () => {
      const { engine, held, advance } = await bench.make();
      const calls: string[] = [];
      engine.watch(jobs, () => void calls.push('woken'));
      engine.events(jobs, () => void calls.push('told'));
      engine.events(jobs, () => void calls.push('told'), 'mine');
      await engine.add([newJob({ jobId: 'mine', delay: 100 }, { timestamp: engine.clock.now() }), newJob()]);
      await engine.claim(jobs, { limit: 1, lockDuration });
      await engine.close();
      expect(held()).toBe(0);
      const before = calls.length;
      await advance(1_000);
      await outcome(() => engine.add([newJob({ jobId: 'mine-too' })])).catch(() => {}); // it may refuse
      await advance(1_000);
      expect(calls.slice(before)).toEqual([]);
      await engine.close(); // twice does nothing
      expect(held()).toBe(0);
    });

    it('tells before what has happened', async () => {
      const { engine } = await bench.make();
      const told: string[] = [];
      engine.events(jobs, ({ type }) => void told.push(type));
      await engine.add([newJob()]);
      await engine.close();
      expect(told).toEqual(['added', 'waiting']);
    });

    it('I11: holds nothing, though a listener answers the last events with calls', async () => {
      const { engine, held, advance } = await bench.make();
      engine.watch(jobs, () => {});
      const answers: Promise<unknown>[] = [];
      engine.events(jobs, ({ type }) => {
        // the engine may be closed by then, and refuse
        if (type === 'added') answers.push(outcome(() => engine.add([newJob({ delay: 60_000 })])).catch(() => {}));
      });
      await engine.add([newJob()]);
      await engine.close();
      await Promise.all(answers);
      expect(held()).toBe(0);
      await advance(100_000);
    });
  });
}
