import { memoryEngine, type Engine } from 'stepstream';
import type { Claimed } from '../../../src/engine/engine.js';
import type { Write } from '../../../src/engine/records.js';
import { LeaseLostError } from '../../../src/errors.js';
import { ManualClock } from '../../support/manual-clock.js';
import { failure, newJob } from '../../contract/bench.js';

/** What the contract leaves to each engine. */
describe('memoryEngine', () => {
  const setUp = (now?: number) => {
    const clock = new ManualClock(now);
    const engine = memoryEngine({ clock });
    const claim = () => (engine.claim('jobs', { limit: 1, lockDuration: 1_000 }) as readonly Claimed[])[0];
    return { clock, engine, claim };
  };
  const first: Write = { seq: 1, cursor: 'a' };

  it('answers every call at once', () => {
    const { engine, claim, clock } = setUp();
    const answers: unknown[] = [engine.add(Array.from({ length: 6 }, () => newJob()))];
    const lease = () => claim()!.lease;
    answers.push(
      engine.claim('jobs', { limit: 0, lockDuration: 1 }),
      engine.renew([], 1),
      engine.checkpoint(lease(), first),
      engine.moveToDelayed(lease(), first, clock.now() + 1),
      engine.moveToWaitingChildren(lease(), first, { groups: ['a'] }),
      engine.complete(lease(), first, undefined, 0),
      engine.fail(lease(), first, failure()),
      engine.release(lease(), first),
      engine.recoverStalled('jobs', 1),
      engine.get('jobs', '1'),
      engine.children('jobs', '1'),
      engine.log('jobs', '1', 'row'),
      engine.logs('jobs', '1'),
      engine.retry('jobs', '1'),
      engine.promote('jobs', '1'),
      engine.changeDelay('jobs', '1', 1),
      engine.updateData('jobs', '1', '1'),
      engine.cancel('jobs', '1', 'x'),
      engine.remove('jobs', '1'),
      engine.pause('jobs'),
      engine.resume('jobs'),
      engine.counts('jobs'),
      engine.list('jobs', 'waiting'),
      engine.clean('jobs', 'completed', 0, 1),
      engine.changePriority('jobs', '1', 1, false),
      engine.updateProgress('jobs', '1', '1'),
      engine.removeUnprocessedChildren('jobs', '1'),
      engine.removeChildDependency('jobs', '1'),
      engine.clearLogs('jobs', '1', 0),
      engine.countsPerPriority('jobs', [0]),
      engine.drain('jobs', true),
      engine.obliterate('jobs', true),
      engine.retryAll('jobs', 'failed', 0, 1),
      engine.promoteAll('jobs', 1),
      engine.settings('jobs'),
      engine.setConcurrency('jobs', 1),
      engine.setRateLimit('jobs', { max: 1, duration: 1 }),
      engine.rateLimit('jobs', 1),
      engine.rateLimitTtl('jobs'),
      engine.removeRateLimit('jobs'),
      engine.metrics('jobs', 'completed', 0, -1),
      engine.clients('jobs', 'workers'),
      engine.info(),
      engine.deduplicationJob('jobs', 'd'),
      engine.removeDeduplication('jobs', 'd'),
      engine.trimEvents('jobs', 0),
      engine.upsertScheduler('jobs', { id: 's', repeat: { every: 1 }, name: 'tick', data: undefined, opts: {} }),
      engine.scheduler('jobs', 's'),
      engine.schedulers('jobs', 0, -1, true),
      engine.schedulerCount('jobs'),
      engine.removeScheduler('jobs', 's'),
      engine.close(),
    );
    expect(answers.filter((answer) => answer instanceof Promise)).toEqual([]);
  });

  it('knows its watchers as Redis does its clients, and has nothing to tell of itself', () => {
    const { engine, clock } = setUp();
    const stop = engine.watch('jobs', () => {});
    clock.advance(5_900);
    engine.watch('jobs', () => {});
    expect(engine.clients('jobs', 'workers')).toEqual([
      { id: '1', addr: 'embedded', name: 'jobs', age: '5' },
      { id: '2', addr: 'embedded', name: 'jobs', age: '0' },
    ]);
    stop();
    expect(engine.clients('jobs', 'workers')).toMatchObject([{ id: '2' }]);
    expect(engine.clients('jobs', 'events')).toEqual([]);
    expect(engine.info()).toBeUndefined();
  });

  it('ends a lease at the very millisecond', () => {
    const { engine, claim, clock } = setUp();
    void engine.add([newJob()]);
    const { lease } = claim()!;
    clock.advance(999);
    expect(engine.recoverStalled('jobs', 1)).toEqual({ recovered: [], mayStall: true });
    void engine.checkpoint(lease, first);
    clock.advance(1);
    expect(() => engine.checkpoint(lease, { seq: 2 })).toThrow(LeaseLostError);
    expect(engine.renew([lease], 1)).toEqual([lease]);
    expect(engine.recoverStalled('jobs', 1)).toMatchObject({ recovered: [{ jobId: '1' }] });
  });

  it('I8: lets a job be claimed at the very millisecond', () => {
    const { engine, claim, clock } = setUp();
    void engine.add([newJob({ delay: 10 }, { timestamp: clock.now() })]);
    clock.advance(9);
    expect(claim()).toBeUndefined();
    clock.advance(1);
    expect(claim()).toBeDefined();
  });

  it('tries again at once when the time for it has come, to the millisecond', () => {
    const { engine, claim, clock } = setUp();
    void engine.add([newJob()]);
    void engine.fail(claim()!.lease, first, failure(), clock.now());
    expect(engine.get('jobs', '1')).toMatchObject({ state: 'waiting' });
    void engine.fail(claim()!.lease, { seq: 2 }, failure(), clock.now() + 1);
    expect(engine.get('jobs', '1')).toMatchObject({ state: 'delayed' });
  });

  it('tells times in whole milliseconds, whatever its clock tells', () => {
    const { engine, claim, clock } = setUp(1_800_000_000_000.75);
    const at: number[] = [];
    engine.events('jobs', (event) => void at.push(event.at));
    void engine.add([newJob()]);
    void engine.complete(claim()!.lease, first, undefined, 0);
    clock.tick();
    expect(engine.get('jobs', '1')).toMatchObject({ processedOn: 1_800_000_000_000, finishedOn: 1_800_000_000_000 });
    expect(new Set(at)).toEqual(new Set([1_800_000_000_000]));
  });

  it('frees the place of a deduplication, and ends a limit, at the very millisecond', () => {
    const { engine, clock, claim } = setUp();
    const add = () => engine.add([newJob({ deduplication: { id: 'd', ttl: 10 } })]);
    void add();
    void engine.rateLimit('jobs', 10);
    clock.advance(9);
    expect(add()).toEqual(['1']);
    expect(engine.rateLimitTtl('jobs')).toBe(1);
    expect(claim()).toBeUndefined();
    clock.advance(1);
    expect(add()).toEqual(['3']);
    expect(engine.rateLimitTtl('jobs')).toBe(0);
    expect(claim()).toBeDefined();
  });

  it('adds the jobs of a scheduler to the millisecond, and counts a step from the last', () => {
    const { engine, clock, claim } = setUp(1_800_000_000_123);
    void engine.upsertScheduler('jobs', { id: 's', repeat: { every: 1_000 }, name: 'tick', data: undefined, opts: {} });
    expect(claim()?.job.id).toBe('repeat:s:1800000000123');
    clock.advance(999);
    expect(claim()).toBeUndefined();
    clock.advance(1);
    expect(claim()?.job.id).toBe('repeat:s:1800000001123');
    clock.advance(3_400);
    expect(claim()?.job.id).toBe('repeat:s:1800000002123');
    expect(engine.scheduler('jobs', 's')).toMatchObject({ next: 1_800_000_005_123 });
  });

  describe('timers', () => {
    const addDelayed = (engine: Engine, clock: ManualClock, ...delays: readonly number[]): void =>
      void engine.add(delays.map((delay) => newJob({ delay }, { timestamp: clock.now() })));

    it('are none while nobody watches', () => {
      const { engine, clock } = setUp();
      addDelayed(engine, clock, 10, 20, 5);
      expect(clock.pending).toBe(0);
      const stop = engine.watch('jobs', () => {});
      expect(clock.pending).toBe(1);
      stop();
      expect(clock.pending).toBe(0);
    });

    it('are one per queue, for the job that is due first', () => {
      const { engine, clock } = setUp();
      engine.watch('jobs', () => {});
      engine.watch('jobs', () => {});
      addDelayed(engine, clock, 30, 20, 40);
      expect([clock.pending, clock.nextDue]).toEqual([1, clock.now() + 20]);
      addDelayed(engine, clock, 10);
      expect([clock.pending, clock.nextDue]).toEqual([1, clock.now() + 10]);
    });

    it('are one for the end of a limit that holds a job up', () => {
      const { engine, clock } = setUp();
      void engine.rateLimit('jobs', 50);
      engine.watch('jobs', () => {});
      expect(clock.pending).toBe(0);
      void engine.add([newJob()]);
      clock.tick();
      expect(engine.claim('jobs', { limit: 1, lockDuration: 1_000 })).toEqual([]);
      expect([clock.pending, clock.nextDue]).toEqual([1, clock.now() + 50]);
      void engine.removeRateLimit('jobs');
      clock.advance(100);
      expect(clock.pending).toBe(0);
    });

    it('are none for a due time that has been told, until there is another', () => {
      const { engine, clock } = setUp();
      let wakes = 0;
      engine.watch('jobs', () => void wakes++); // it has no slot free, and claims nothing
      addDelayed(engine, clock, 10);
      clock.advance(100);
      expect([wakes, clock.pending]).toEqual([1, 0]);
    });
  });

  it('wakes once for all that is added in one turn', () => {
    const { engine, clock } = setUp();
    let wakes = 0;
    engine.watch('jobs', () => void wakes++);
    void engine.add([newJob(), newJob()]);
    void engine.add([newJob()]);
    clock.advance(10);
    expect(wakes).toBe(1);
    void engine.add([newJob()]);
    clock.advance(10);
    expect(wakes).toBe(2);
  });

  it('a listener and a watcher that throw keep nobody else from hearing, now or later', () => {
    const { engine, clock } = setUp();
    const heard: string[] = [];
    const broken = () => {
      throw new Error('broken');
    };
    engine.events('jobs', broken);
    engine.watch('jobs', broken);
    engine.events('jobs', ({ type }) => void heard.push(type));
    engine.watch('jobs', () => void heard.push('woken'));
    const run = () => {
      let errors = 0;
      while (clock.pending > 0) {
        try {
          clock.tick();
        } catch {
          errors++;
        }
      }
      return errors;
    };
    for (let round = 0; round < 2; round++) {
      void engine.add([newJob()]);
      expect(run()).toBe(3);
    }
    expect(heard).toEqual(['added', 'waiting', 'woken', 'added', 'waiting', 'woken']);
  });

  it('forgets the last writes of removed jobs, some thousand later', () => {
    const { engine, claim } = setUp();
    const add = () => void engine.add([newJob({ removeOnComplete: true })]);
    add();
    const { lease } = claim()!;
    void engine.complete(lease, first, undefined, 0);
    for (let count = 0; count < 999; count++) {
      add();
      void engine.complete(claim()!.lease, first, undefined, 0);
    }
    expect(engine.complete(lease, first, undefined, 0)).toBe('completed');
    add();
    void engine.complete(claim()!.lease, first, undefined, 0);
    expect(() => engine.complete(lease, first, undefined, 0)).toThrow(LeaseLostError);
  });
});
