import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EngineEvent } from '../../src/engine/records.js';
import { failure, next, outcome, type Bench } from './bench.js';

export function listeningContract(bench: Bench): void {
  describe('events', () => {
    it('tell everything that happens to the jobs of a queue, in order, with rising numbers', async () => {
      const heard = bench.listen();
      const from = Math.floor(bench.engine.clock.now());
      const [a, b] = await bench.addMany(2);
      const first = await bench.claim();
      const second = await bench.claim();
      await bench.engine.fail(second.lease, next(second), failure());
      await bench.engine.complete(first.lease, next(first), undefined, 0);
      const events = await heard.all();
      expect(events.map(({ type, jobId }) => [type, jobId])).toEqual([
        ['added', a],
        ['waiting', a],
        ['added', b],
        ['waiting', b],
        ['active', a],
        ['active', b],
        ['failed', b],
        ['completed', a],
      ]);
      const ids = events.map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)].toSorted((x, y) => x - y));
      for (const { at } of events) {
        expect(at).toBeGreaterThanOrEqual(from);
        expect(at).toBeLessThanOrEqual(bench.engine.clock.now());
      }
    });

    it('tell the name of an added job', async () => {
      const heard = bench.listen();
      await bench.add({}, { name: 'resize' });
      expect(await heard.all()).toMatchObject([{ type: 'added', name: 'resize' }, { type: 'waiting' }]);
    });

    it('tell of a delayed job when it is due, and not that it waits', async () => {
      const heard = bench.listen();
      const timestamp = Math.floor(bench.engine.clock.now());
      await bench.add({ delay: 5_000 }, { timestamp });
      expect(await heard.all()).toMatchObject([{ type: 'added' }, { type: 'delayed', due: timestamp + 5_000 }]);
    });

    it('are told from the moment of listening on, and no earlier ones', async () => {
      const id = await bench.add();
      const heard = bench.listen();
      await bench.claim();
      expect(await heard.types(id)).toEqual(['active']);
    });

    it('of one job are told alone', async () => {
      await bench.add({ jobId: 'mine' });
      const heard = bench.listen('jobs', 'mine');
      await bench.add({ jobId: 'other' });
      await bench.claimIds();
      expect(await heard.all()).toMatchObject([{ type: 'active', jobId: 'mine' }]);
    });

    it('of one job can be listened to before there is such a job', async () => {
      const heard = bench.listen('jobs', 'mine');
      await bench.add({ jobId: 'mine' });
      expect(await heard.types()).toEqual(['added', 'waiting']);
    });

    it('of another queue are not told, though a job has the same id', async () => {
      const heard = bench.listen('jobs', 'twin');
      await bench.add({ jobId: 'twin' }, { queue: 'others' });
      expect(await heard.all()).toEqual([]);
    });

    it('leave no gap and no double against a record that is read while they come', async () => {
      const seen: EngineEvent[] = [];
      const claimed = await bench.begin();
      const { id } = claimed.job;
      const last = new Promise<void>((resolve) => {
        bench.engine.events(
          'jobs',
          (event) => {
            seen.push(event);
            if (event.type === 'completed') resolve();
          },
          id,
        );
      });
      const written = { progress: 0 };
      const work = (async () => {
        for (let seq = 1; seq <= 20; seq++) {
          await bench.engine.checkpoint(claimed.lease, { seq, cursor: 'a', progress: String(seq) });
          written.progress = seq;
        }
        await bench.engine.complete(claimed.lease, { seq: 21 }, undefined, 0);
      })();
      while (written.progress < 7) await nextTurn();
      const record = await bench.job(id);
      await Promise.all([work, last]);
      const news = seen.filter((event) => event.id > record.eventId && event.type === 'progress');
      const known = Number(record.progress ?? 0);
      expect(news.map((event) => event.type === 'progress' && Number(event.data))).toEqual(
        Array.from({ length: 20 - known }, (_, index) => known + index + 1),
      );
    });

    it('are told to each listener, and to each once', async () => {
      const both: string[] = [];
      const listener = ({ type }: EngineEvent): void => void both.push(type);
      bench.engine.events('jobs', listener);
      bench.engine.events('jobs', listener); // the same function twice is two listeners
      const heard = bench.listen();
      await bench.add();
      expect(await heard.types()).toEqual(['added', 'waiting']);
      expect(both.filter((type) => type === 'waiting')).toHaveLength(2);
    });

    it('are not told any more to a listener that has stopped, not even what happened before', async () => {
      const ended = bench.listen();
      const heard = bench.listen();
      const adding = outcome(() => bench.engine.add([{ queue: 'jobs', name: 'a', data: '1', opts: {}, timestamp: 0 }]));
      ended.stop();
      ended.stop(); // twice does nothing
      await adding;
      expect(await heard.types()).toEqual(['added', 'waiting']);
      expect(await ended.all()).toEqual([]);
    });

    it('of one job are told to all its listeners, though others have stopped', async () => {
      const ended = bench.listen('jobs', 'mine');
      const kept = bench.listen('jobs', 'mine');
      ended.stop();
      const late = bench.listen('jobs', 'mine');
      await bench.add({ jobId: 'mine' });
      for (const heard of [kept, late]) expect(await heard.types()).toEqual(['added', 'waiting']);
      kept.stop();
      late.stop();
      const again = bench.listen('jobs', 'mine');
      await bench.claim();
      expect(await again.types()).toEqual(['active']);
    });

    it('may be stopped by a listener, for itself and for others', async () => {
      const seen: string[] = [];
      const stopFirst = bench.engine.events('jobs', ({ type }) => {
        seen.push(`first ${type}`);
        stopFirst();
        stopSecond();
      });
      const stopSecond = bench.engine.events('jobs', ({ type }) => void seen.push(`second ${type}`));
      const heard = bench.listen();
      await bench.add();
      expect(await heard.types()).toEqual(['added', 'waiting']);
      expect(seen).toEqual(['first added']);
    });

    it('are told after the call that made them has returned', async () => {
      const order: string[] = [];
      bench.engine.events('jobs', ({ type }) => void order.push(type));
      const heard = bench.listen();
      const adding = bench.engine.add([{ queue: 'jobs', name: 'a', data: '1', opts: {}, timestamp: 0 }]);
      order.push('returned');
      await adding;
      await heard.all();
      expect(order.slice(0, 3)).toEqual(['returned', 'added', 'waiting']);
    });

    it('may be answered with calls of the engine', async () => {
      const calls: Promise<unknown>[] = [];
      const heard = bench.listen();
      bench.engine.events('jobs', ({ type, jobId }) => {
        if (type === 'waiting')
          calls.push(bench.claim().then((each) => bench.engine.complete(each.lease, next(each), jobId, 0)));
      });
      const [a, b] = await bench.addMany(2);
      while ((await heard.types()).filter((type) => type === 'completed').length < 2) await Promise.all(calls);
      expect(await bench.stateOf(a!)).toBe('completed');
      expect(await bench.stateOf(b!)).toBe('completed');
    });
  });
}
