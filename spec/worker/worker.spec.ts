import { NEVER, Observable, Subject, concat, defer, merge, of, range, tap, throwError } from 'rxjs';
import {
  createApp,
  checkpoint,
  checkpointMap,
  delay,
  awaitChildren,
  LeaseLostError,
  type App,
  type Class,
  type Codec,
  type Job,
  type StepJob,
} from 'stepstream';
import { processor } from '../support/processor.js';
import type { Call, SpyEngine } from '../support/spy-engine.js';
import { World, start } from '../support/world.js';

const is =
  (...methods: readonly string[]) =>
  ({ method }: Call): boolean =>
    methods.includes(method);

/** A step that is under way until its `source` says otherwise, and tells what becomes of it. */
function observed() {
  const heard: string[] = [];
  const source = new Subject<unknown>();
  const step = (job: StepJob): Observable<unknown> => {
    heard.push(`run ${job.id}`);
    job.signal.addEventListener('abort', () => heard.push(`aborted ${job.id}`));
    return new Observable((subscriber) => {
      source.subscribe(subscriber);
      return () => heard.push(`unsubscribed ${job.id}`);
    });
  };
  return { heard, source, step };
}

function statesOf(world: World, jobs: readonly Job[]): readonly string[] {
  return jobs.map((job) => world.get(job).state);
}

describe('W1: every write proves its lease', () => {
  it('W1: a worker does not write when its lease may have run out, whatever its timers say', async () => {
    const { heard, source, step } = observed();
    const w = await start([processor({ only: step })]);
    const job = await w.add();
    await w.settle();
    w.clock.block(9_000);
    source.next('late');
    await Promise.resolve();
    expect(w.spy.writes).toEqual([]);
    expect(heard).toEqual([`run ${job.id}`, `unsubscribed ${job.id}`, `aborted ${job.id}`]);
    expect(w.get(job).state).toBe('active');
  });

  it('W1: up to a tenth of the lock duration before its end the lease is relied on', async () => {
    const { source, step } = observed();
    const w = await start([processor({ only: step })]);
    await w.add();
    await w.settle();
    w.clock.block(8_999);
    source.next('in time');
    await Promise.resolve();
    expect(w.spy.writes.map(({ method }) => method)).toEqual(['checkpoint']);
  });

  it('W1: a gate does not answer when the lease may have run out', async () => {
    const effects: unknown[] = [];
    const w = await start([
      processor({
        only: () =>
          of('a').pipe(
            checkpoint(),
            tap((value) => effects.push(value)),
          ),
      }),
    ]);
    const held = w.spy.hold();
    await w.add();
    await w.settle();
    w.clock.block(9_000);
    held.release();
    await w.settle();
    expect(effects).toEqual([]);
    expect(w.spy.writes).toHaveLength(1);
  });

  it('W1: a job that was claimed too long ago, when the answer comes, is not begun', async () => {
    const { heard, step } = observed();
    const w = new World();
    const P = processor({ only: step });
    let held!: ReturnType<SpyEngine['hold']>;
    const one = await w.machine([P], { prepare: (spy) => (held = spy.hold(is('claim'))) });
    const job = await one.add();
    held.release();
    await w.settle();
    w.clock.block(9_500);
    held.release();
    await w.settle();
    expect(one.spy.of('claim').length).toBeGreaterThan(1);
    expect(heard).toEqual([]);
    expect(w.get(job).state).toBe('active');
    expect(one.app.worker(P).activeCount).toBe(0);
  });

  it('W1: a write that arrives after the lock has run out is refused, and does not disturb the activation that has taken over', async () => {
    const world = new World();
    const first = observed();
    const one = await world.machine([processor({ only: first.step })]);
    const job = await one.add();
    await world.settle();
    const late = one.spy.holdBack(is('checkpoint', 'renew', 'claim', 'recoverStalled'));
    first.source.next('from one');
    await world.settle();
    expect(late.waiting).toHaveLength(1);
    const second = observed();
    const two = await world.machine([processor({ only: second.step })]);
    await world.when(() => second.heard.length > 0);
    second.source.next('from two');
    await world.settle();
    const before = world.get(job);
    while (late.waiting.length > 0) late.release();
    await world.settle();
    expect(world.get(job)).toEqual(before);
    second.source.complete();
    await expect(world.until(job.result())).resolves.toBe('from two');
    expect(first.heard).toContain(`aborted ${job.id}`);
    expect(one.spy.writes).toHaveLength(1);
    expect(two.logged).toEqual([]);
  });

  it('W1: each activation has a token of its own, and its writes are numbered on from the stored one', async () => {
    const w = await start([processor({ first: () => of(1).pipe(delay(10)), second: () => of(2) })]);
    await w.until((await w.add()).result());
    const tokens = w.spy.writes.map(({ lease }) => lease.token);
    expect(tokens[0]).not.toBe(tokens[1]);
    expect(tokens[2]).toBe(tokens[1]);
    expect(w.spy.writes.map(({ write }) => write.seq)).toEqual([1, 2, 3]);
  });

  it('W1: leases are prolonged every 3 s, all in one call', async () => {
    const { step } = observed();
    const w = await start([processor({ only: step }, { concurrency: 3 })]);
    for (let i = 0; i < 3; i++) await w.add();
    await w.pass(60_000);
    expect(w.spy.of('renew')).toHaveLength(20);
    expect(w.spy.of('renew')[0]!.args[0]).toHaveLength(3);
  });

  it('W1: an answer to an older renewal does not shorten what a newer one has given', async () => {
    const { source, step } = observed();
    const w = await start([processor({ only: step })]);
    await w.add();
    await w.settle();
    const older = w.spy.hold(is('renew'));
    await w.pass(3_000);
    w.spy.around = (_, proceed) => proceed();
    await w.pass(3_000);
    older.release();
    await w.settle();
    w.clock.block(8_500);
    source.next('in time: 14,500 of 15,000');
    await Promise.resolve();
    expect(w.spy.writes.map(({ method }) => method)).toEqual(['checkpoint']);
  });
});

describe('W2: a lost lease', () => {
  it('W2: a lease that the store says is lost unsubscribes the stream, aborts job.signal and frees the slot', async () => {
    const { heard, source, step } = observed();
    const lost: unknown[] = [];
    const P = processor({ only: step });
    const w = await start([P], { listen: (app) => app.worker(P).on('lockRenewalFailed', (ids) => lost.push(ids)) });
    const [one, two] = [await w.add(), await w.add()];
    await w.settle();
    w.spy.around = (call, proceed) => (call.method === 'renew' ? call.args[0] : proceed());
    await w.pass(3_000);
    expect(heard).toEqual([`run ${one.id}`, `unsubscribed ${one.id}`, `aborted ${one.id}`, `run ${two.id}`]);
    expect(lost).toEqual([[one.id]]);
    source.next('for two');
    await w.settle();
    expect(w.spy.writes.map(({ lease }) => lease.jobId)).toEqual([two.id]);
  });

  it('W2: nothing more is written, whatever was to follow a write that was under way', async () => {
    const { source, step } = observed();
    const w = await start([processor({ only: step, next: () => of(1) })]);
    await w.add();
    await w.settle();
    const held = w.spy.hold();
    source.next('a');
    await w.settle();
    source.complete();
    const holding = w.spy.around;
    w.spy.around = (call, proceed) => (call.method === 'renew' ? call.args[0] : holding(call, proceed));
    await w.pass(3_000);
    held.release();
    await w.settle();
    expect(w.spy.writes.map(({ method }) => method)).toEqual(['checkpoint']);
  });

  it('W2: a worker that can not reach the store stops its activations when their leases may have run out', async () => {
    const { heard, step } = observed();
    const w = await start([processor({ only: step })]);
    const job = await w.add();
    await w.settle();
    w.spy.failAt(is('renew', 'claim', 'recoverStalled'), new Error('no connection'));
    await w.pass(8_999);
    expect(heard).toEqual([`run ${job.id}`]);
    await w.pass(1);
    expect(heard).toEqual([`run ${job.id}`, `unsubscribed ${job.id}`, `aborted ${job.id}`]);
    expect(w.logged).toContain('worker of queue work: no connection');
  });

  it('W2: so does one whose renewals get no answer', async () => {
    const { heard, step } = observed();
    const w = await start([processor({ only: step })]);
    const job = await w.add();
    await w.settle();
    w.spy.hold(is('renew'));
    await w.pass(9_000);
    expect(heard).toEqual([`run ${job.id}`, `unsubscribed ${job.id}`, `aborted ${job.id}`]);
  });

  it('W2: a write that the store refuses ends the activation at once', async () => {
    const { heard, source, step } = observed();
    const P = processor({ only: step });
    const outcomes: string[] = [];
    const w = await start([P], {
      listen: (app) => app.worker(P).on('error', (error) => outcomes.push(error.message)),
    });
    const job = await w.add();
    await w.settle();
    w.spy.failAt(is('checkpoint'), new LeaseLostError('refused'));
    source.next('a');
    await w.settle();
    expect(heard).toEqual([`run ${job.id}`, `unsubscribed ${job.id}`, `aborted ${job.id}`]);
    expect(outcomes).toEqual(['refused']);
    expect(w.app.worker(P).activeCount).toBe(0);
  });
});

describe('W3: a worker that dies', () => {
  /** Two machines, the first of which dies while it runs the job. */
  async function orphaned(steps: Parameters<typeof processor>[0], options = {}) {
    const world = new World();
    const P = processor(steps, options);
    const one = await world.machine([P]);
    const job = await one.add();
    await world.settle();
    return { world, P, one, job };
  }

  it('W3: another worker takes the job over from its checkpoint when the lock has run out', async () => {
    const ran: string[] = [];
    const { world, P, one, job } = await orphaned({
      first: () => (ran.push('first'), of(1)),
      second: () => (ran.push('second'), ran.length < 3 ? NEVER : of('end')),
    });
    await world.pass(1_000);
    one.spy.die();
    const diedAt = world.clock.now();
    await world.machine([P]);
    await expect(world.until(job.result())).resolves.toBe('end');
    expect(ran).toEqual(['first', 'second', 'second']);
    const tookOver = world.get(job).processedOn! - diedAt;
    expect(tookOver).toBeGreaterThanOrEqual(9_000);
    expect(tookOver).toBeLessThanOrEqual(15_000);
    expect(world.get(job)).toMatchObject({ attemptsMade: 1, stalledCounter: 1 });
  });

  it.each([0, 1])(
    'W3: so does a worker that had nothing to do when the job was taken (machine %i dies)',
    async (dies) => {
      let runs = 0;
      const P = processor({ only: () => (++runs === 1 ? NEVER : of('end')) });
      const world = new World();
      const machines = [await world.machine([P]), await world.machine([P])];
      await world.pass(60_000);
      const owner = machines[dies]!;
      const other = machines[1 - dies]!;
      const late = other.spy.holdBack(is('claim'));
      const job = await owner.add();
      await world.settle();
      expect(owner.app.worker(P).activeCount).toBe(1);
      owner.spy.die();
      other.spy.around = (_, proceed) => proceed();
      late.release();
      await expect(world.until(job.result())).resolves.toBe('end');
      expect(world.clock.now() - job.timestamp).toBeLessThanOrEqual(15_000);
    },
  );

  it('W3: a job that dies with its worker more than maxStalledCount times without a checkpoint write fails', async () => {
    const failed: unknown[] = [];
    const { world, P, one, job } = await orphaned({ only: () => NEVER }, { maxStalledCount: 1 });
    const stalled: unknown[] = [];
    const listen = (app: App): void => {
      app.worker(P).on('stalled', (id, prev) => stalled.push([id, prev]));
      app.worker(P).on('failed', (each, error, prev) => failed.push([each?.id, error.message, prev]));
    };
    one.spy.die();
    const two = await world.machine([P], { listen });
    await world.when(() => world.get(job).attemptsStarted === 2);
    two.spy.die();
    await world.machine([P], { listen });
    await expect(world.until(job.result())).rejects.toMatchObject({ code: 'JOB_STALLED' });
    expect(stalled).toEqual([
      [job.id, 'active'],
      [job.id, 'active'],
    ]);
    expect(failed).toEqual([[job.id, 'job stalled more than allowable limit', 'active']]);
    expect(world.get(job)).toMatchObject({ stalledCounter: 2, attemptsMade: 0 });
  });

  it('W3: deaths before the last checkpoint write do not count', async () => {
    const sources: Subject<unknown>[] = [];
    const { world, P, one, job } = await orphaned({ only: () => (sources.push(new Subject()), sources.at(-1)!) });
    let machine = one;
    for (let deaths = 1; deaths <= 5; deaths++) {
      sources.at(-1)!.next(deaths);
      await world.settle();
      machine.spy.die();
      machine = await world.machine([P]);
      await world.when(() => sources.length === deaths + 1);
    }
    sources.at(-1)!.complete();
    await expect(world.until(job.result())).resolves.toBe(5);
    expect(world.get(job).stalledCounter).toBe(5);
  });

  it('W3: a look for such jobs that fails is told, and made again', async () => {
    let runs = 0;
    const { world, P, one, job } = await orphaned({ only: () => (++runs === 1 ? NEVER : of('end')) });
    one.spy.die();
    const two = await world.machine([P], {
      prepare: (spy) => spy.failAt(is('recoverStalled'), new Error('no connection'), 2),
    });
    await expect(world.until(job.result())).resolves.toBe('end');
    expect(two.logged).toEqual(['worker of queue work: no connection', 'worker of queue work: no connection']);
  });

  it('W3: it looks once per stalledInterval, however often it is woken in vain', async () => {
    const { step } = observed();
    const w = await start([processor({ only: step })]);
    await w.add();
    await w.settle();
    const two = await w.machine([processor({ only: step }, { stalledInterval: 2_000 })]);
    for (let i = 0; i < 20; i++) {
      await w.engine.promote('work', (await w.client.queue('work').add('job', 1, { delay: 1 })).id);
      await w.engine.pause('work');
      await w.pass(500);
    }
    expect(two.spy.of('recoverStalled').length).toBeLessThanOrEqual(6);
    two.spy.slow(3_000);
    const before = two.spy.of('recoverStalled').length;
    await w.pass(50_000);
    expect(two.spy.of('recoverStalled').length - before).toBeLessThanOrEqual(11);
  });

  it.each(['before', 'after'] as const)(
    'W3: a worker that dies right %s a write leaves its job to another, whichever write it is',
    async (moment) => {
      for (let nth = 1; nth <= 4; nth++) {
        const world = new World();
        const ran: string[] = [];
        const P = processor({
          first: () =>
            of('a').pipe(
              tap(() => ran.push('effect')),
              checkpoint(),
              tap(() => ran.push('behind')),
            ),
          second: () => of('b').pipe(delay(10)),
          third: () => of('c'),
        });
        const one = await world.machine([P]);
        let writes = 0;
        one.spy.dieAt(moment, (call) => call.write !== undefined && ++writes === nth);
        const job = await one.add();
        await world.when(() => one.spy.dead);
        await world.machine([P]);
        await expect(world.until(job.result())).resolves.toBe('c');
        expect(ran.filter((each) => each === 'effect')).toHaveLength(nth === 1 && moment === 'before' ? 2 : 1);
      }
    },
  );
});

describe('W4: close', () => {
  it('W4: what stands behind a gate is not begun once its write was the last', async () => {
    const begun: number[] = [];
    const items = [new Subject<string>(), new Subject<string>()];
    const mail = () => range(0, 2).pipe(checkpointMap((item) => (begun.push(item), items[item]!)));
    const w = await start([processor({ mail })]);
    await w.add();
    await w.settle();
    const closing = w.app.close();
    items[0]!.next('sent');
    items[0]!.complete();
    await w.until(closing);
    expect(w.spy.writes.map(({ method }) => method)).toEqual(['checkpoint', 'checkpoint', 'release']);
    expect(begun).toEqual([0]);
  });

  it('W4: a job goes on to its next durable write, then back to the head of the queue; the next step is not begun', async () => {
    const world = new World();
    const { source, step } = observed();
    const ran: string[] = [];
    const P = processor({ first: step, second: (job) => (ran.push(job.id), of('end')) });
    const one = await world.machine([P]);
    const [first, second] = [await one.add(), await one.add()];
    await world.settle();
    const closing = one.app.close();
    const begin = world.clock.now();
    source.next('a');
    await world.until(closing);
    expect(world.clock.now()).toBe(begin);
    expect(one.spy.writes.map(({ method }) => method)).toEqual(['checkpoint', 'release']);
    expect(statesOf(world, [first, second])).toEqual(['waiting', 'waiting']);
    expect(world.get(first)).toMatchObject({ attemptsMade: 0, stalledCounter: 0 });
    const two = await world.machine([
      processor({ first: (job) => of(job.saved), second: (job, input) => (ran.push(job.id), of(input)) }),
    ]);
    await expect(world.until(first.result())).resolves.toBe('a');
    await world.until(second.result());
    expect(ran).toEqual([first.id, second.id]);
    expect(two.logged).toEqual([]);
  });

  it("W4: a step's completion is such a write: the next step is left to another worker", async () => {
    const { source, step } = observed();
    const ran: string[] = [];
    const w = await start([processor({ first: step, second: () => (ran.push('second'), of(1)) })]);
    const job = await w.add();
    await w.settle();
    const closing = w.app.close();
    source.complete();
    await w.until(closing);
    expect(ran).toEqual([]);
    expect(JSON.parse(w.get(job).checkpoint!.cursor)).toMatchObject({ s: 'second', v: 2 });
  });

  it('W4: a job that completes, parks or fails with its next write has nothing to be put back', async () => {
    const { source, step } = observed();
    const P = processor({ only: (job) => merge(step(job), of(0).pipe(delay(job.data as number))) }, { concurrency: 3 });
    const w = await start([
      processor({ complete: step }, { queue: 'a' }),
      P,
      processor({ fail: step }, { queue: 'c' }),
    ]);
    const jobs = [await w.add(), await w.client.queue('c').add('job', undefined)];
    await w.settle();
    const closing = w.app.close();
    source.error(new Error('boom'));
    await w.until(closing);
    expect(statesOf(w, jobs)).toEqual(['failed', 'failed']);
    expect(w.spy.of('release')).toEqual([]);
  });

  it('W4: after the grace the rest is unsubscribed and put back at the head, with what was saved', async () => {
    const { heard, step } = observed();
    const w = await start([processor({ only: step }, { concurrency: 2 })]);
    const jobs = [await w.add(), await w.add()];
    await w.settle();
    const begin = w.clock.now();
    await w.until(w.app.close({ grace: '3 s' }));
    expect(w.clock.now() - begin).toBe(3_000);
    expect(statesOf(w, jobs)).toEqual(['waiting', 'waiting']);
    expect(heard.slice(2)).toEqual(['unsubscribed 1', 'aborted 1', 'unsubscribed 2', 'aborted 2']);
    expect(jobs.map((job) => w.get(job).attemptsMade)).toEqual([0, 0]);
  });

  it('W4: the grace is 10 s by default', async () => {
    const w = await start([processor({ only: () => NEVER })]);
    await w.add();
    await w.settle();
    const begin = w.clock.now();
    await w.until(w.app.close());
    expect(w.clock.now() - begin).toBe(10_000);
  });

  it('W4: what is put back comes before what has waited', async () => {
    const world = new World();
    const P = processor({ only: () => NEVER });
    const one = await world.machine([P]);
    const jobs = [await one.add(), await one.add(), await one.add()];
    await world.settle();
    await world.until(one.app.close({ grace: 1 }));
    const ran: string[] = [];
    await world.machine([processor({ only: (job) => (ran.push(job.id), of(1)) })]);
    await world.settle();
    expect(ran).toEqual(jobs.map(({ id }) => id));
  });

  it('W4: a job that is claimed while the worker closes is put back without being begun', async () => {
    const { heard, step } = observed();
    const w = await start([processor({ only: step }, { concurrency: 3 })]);
    const held = w.spy.hold(is('claim'));
    const jobs = [await w.add(), await w.add(), await w.add()];
    await w.settle();
    let closed = false;
    const closing = w.app.close().then(() => (closed = true));
    await w.settle();
    expect(closed).toBe(false);
    held.release();
    await w.until(closing);
    expect(heard).toEqual([]);
    expect(statesOf(w, jobs)).toEqual(['waiting', 'waiting', 'waiting']);
    expect(w.spy.of('claim').at(-1)!.args[1]).toMatchObject({ limit: 3 });
  });

  it.each<[string, () => Observable<unknown>, string, string]>([
    ['parks', () => of(1).pipe(delay(60_000)), 'moveToDelayed', 'delayed'],
    [
      'waits for children',
      () => of(1).pipe(awaitChildren(() => ({ queue: 'idle', name: 'child' }))),
      'moveToWaitingChildren',
      'waiting-children',
    ],
    ['completes', () => of(1), 'complete', 'completed'],
    ['fails', () => throwError(() => new Error('boom')), 'fail', 'failed'],
  ])('W4: a job that %s while the grace ends has done so: it is not put back', async (_, stream, method, state) => {
    const P = processor({ only: stream });
    const lost: unknown[] = [];
    const w = await start([P], { listen: (app) => app.worker(P).on('lockRenewalFailed', (ids) => lost.push(ids)) });
    const held = w.spy.hold();
    const job = await w.add();
    await w.settle();
    const closing = w.app.close({ grace: 500 });
    await w.pass(600);
    held.release();
    await w.until(closing);
    expect(w.get(job).state).toBe(state);
    expect(w.spy.writes.map((call) => call.method)).toEqual([method]);
    expect(lost).toEqual([]);
    expect(w.logged).toEqual([]);
  });

  it('W4: a job that is being put back while the grace ends is put back once', async () => {
    const { source, step } = observed();
    const w = await start([processor({ only: step })]);
    const job = await w.add();
    await w.settle();
    const held = w.spy.hold(is('release'));
    const closing = w.app.close({ grace: 500 });
    source.next('a');
    await w.pass(600);
    held.release();
    await w.until(closing);
    expect(w.spy.writes.map(({ method }) => method)).toEqual(['checkpoint', 'release']);
    expect(w.get(job).state).toBe('waiting');
  });

  it('W4: close resolves although the store can not be reached', async () => {
    const { step } = observed();
    const w = await start([processor({ only: step })]);
    await w.add();
    await w.settle();
    w.spy.failAt(() => true, new Error('no connection'));
    await w.until(w.app.close({ grace: 100 }));
    await w.settle();
    expect(w.clock.pending).toBe(0);
  });

  it('W4: a lease is kept until its job has been put back, longer than a lock lasts', async () => {
    const { source, step } = observed();
    const w = await start([processor({ only: step })]);
    const job = await w.add();
    await w.settle();
    const closing = w.app.close({ grace: '1 minute' });
    await w.pass(50_000);
    source.next('a');
    await w.until(closing);
    expect(w.get(job)).toMatchObject({ state: 'waiting', stalledCounter: 0 });
  });

  it('W4: close is done once, and all who call it wait for the same end', async () => {
    const P = processor({ only: () => NEVER });
    const events: string[] = [];
    const w = await start([P], {
      listen: (app) => {
        const worker = app.worker(P);
        worker.on('closing', (message) => {
          events.push(message);
          void worker.close();
        });
        worker.on('closed', () => events.push('closed'));
      },
    });
    await w.add();
    await w.settle();
    const worker = w.app.worker(P);
    const closings = [worker.close({ grace: 5 }), worker.close()];
    expect(events).toEqual(['worker of queue work closes']);
    await w.until(Promise.all(closings));
    expect(events).toEqual(['worker of queue work closes', 'closed']);
    void worker.run();
    await w.settle();
    expect(worker.activeCount).toBe(0);
  });

  it('W4: a worker that was closed before it was run is never run', async () => {
    const P = processor({ only: () => of(1) });
    const w = new World();
    const app = createApp({ processors: [P], connection: w.engine });
    const job = await w.client.queue(P).add('job', 1);
    await w.until(app.worker(P).close());
    void app.worker(P).run();
    await w.settle();
    expect(w.get(job).state).toBe('waiting');
  });

  it('I11: a closed app leaves no timer behind', async () => {
    const { source, step } = observed();
    const w = await start([
      processor({ only: step }),
      processor({ only: () => NEVER.pipe(checkpoint()) }, { queue: 'gated' }),
      processor(
        { only: [{ timeout: '1 day' }, () => merge(of(1).pipe(delay('1 day')), NEVER.pipe(checkpoint()))] },
        { queue: 'held' },
      ),
    ]);
    await w.add();
    await w.client.queue('gated').add('job', 1);
    await w.client.queue('held').add('job', 1);
    await w.pass(100);
    source.next(1);
    await w.settle();
    expect(w.clock.pending).toBeGreaterThan(0);
    await w.until(w.app.close({ grace: 50 }));
    await w.settle();
    expect(w.clock.pending).toBe(0);
  });

  it('I11: an app that is closed before it has claimed again after an error leaves no timer behind', async () => {
    const w = await start([processor({ only: () => of(1) })]);
    w.spy.failAt(is('claim'), new Error('no connection'));
    await w.add();
    await w.settle();
    expect(w.clock.pending).toBe(1);
    await w.until(w.app.close());
    await w.settle();
    expect(w.clock.pending).toBe(0);
  });

  it('I11: nor does one whose claim fails while it closes', async () => {
    const w = await start([processor({ only: () => of(1) })]);
    let fail!: (error: Error) => void;
    w.spy.around = (call, proceed) =>
      call.method === 'claim' ? new Promise((_, reject) => (fail = reject)) : proceed();
    await w.add();
    await w.settle();
    const closing = w.app.close();
    fail(new Error('no connection'));
    await w.until(closing);
    await w.settle();
    expect(w.clock.pending).toBe(0);
  });

  it('I11: nor one that would look for stalled jobs again', async () => {
    const { step } = observed();
    const w = await start([processor({ only: step }, { concurrency: 2, stalledInterval: 60_000 })]);
    await w.add();
    await w.settle();
    await w.until(w.app.close({ grace: 1 }));
    await w.settle();
    expect(w.clock.pending).toBe(0);
  });

  it('I11: nor one that is looking for stalled jobs while it closes', async () => {
    const { step } = observed();
    const w = await start([processor({ only: step }, { concurrency: 2 })]);
    const held = w.spy.hold(is('recoverStalled'));
    await w.add();
    await w.settle();
    const closing = w.app.close({ grace: 1 });
    held.release();
    await w.until(closing);
    await w.settle();
    expect(w.clock.pending).toBe(0);
  });

  it('I11: a closed app is woken no more, and keeps no alarm for delayed jobs', async () => {
    const w = await start([processor({ only: () => of(1) })]);
    await w.until(w.app.close());
    await w.client.queue('work').add('job', 1, { delay: 5_000 });
    await w.settle();
    expect(w.clock.pending).toBe(0);
  });

  it('W4: jobs that were claimed and not yet begun are put back at once', async () => {
    let begun = 0;
    const P = processor({ only: () => (w.clock.block(6), ++begun, of(1)) }, { concurrency: 50 });
    const w = new World();
    const jobs = await w.client.queue(P).addBulk(Array.from({ length: 50 }, () => ({ name: 'job', data: 1 as never })));
    const one = await w.machine([P]);
    await w.until(one.app.close());
    const states = statesOf(w, jobs);
    expect(begun).toBeLessThan(10);
    expect(states.filter((state) => state === 'completed')).toHaveLength(begun);
    expect(states.filter((state) => state === 'waiting')).toHaveLength(50 - begun);
  });
});

describe('W5: cancel', () => {
  it('W5: a job that runs is unsubscribed with the next renewal of the worker that holds it, and writes nothing more', async () => {
    const { heard, source, step } = observed();
    const w = await start([processor({ only: step })]);
    const job = await w.add();
    await w.settle();
    await w.engine.cancel('work', job.id, 'not wanted');
    await expect(w.until(job.result())).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
    await w.pass(3_000);
    expect(heard).toEqual([`run ${job.id}`, `unsubscribed ${job.id}`, `aborted ${job.id}`]);
    source.next('late');
    await w.settle();
    expect(w.spy.writes).toEqual([]);
  });

  it('W5: or with its next write, whichever comes first; its slot is free then', async () => {
    const { heard, source, step } = observed();
    const w = await start([processor({ only: step })]);
    const [job, next] = [await w.add(), await w.add()];
    await w.settle();
    await w.engine.cancel('work', job.id, 'not wanted');
    source.next('a');
    await w.settle();
    expect(heard).toEqual([`run ${job.id}`, `unsubscribed ${job.id}`, `aborted ${job.id}`, `run ${next.id}`]);
    expect(w.get(job)).toMatchObject({ state: 'failed', failedCode: 'JOB_CANCELLED' });
  });
});

describe('W6: no recursion', () => {
  /** Depth of the stack here. */
  function depth(): number {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = Infinity;
    const lines = new Error('depth').stack!.split('\n').length;
    Error.stackTraceLimit = limit;
    return lines;
  }

  it('W6: 100,000 synchronous jobs at concurrency 1 leave the stack flat, and timers fire in between', async () => {
    const jobs = 100_000;
    const depths = new Set<number>();
    let done = 0;
    const P = processor({ only: () => (++done % 1_000 === 0 && depths.add(depth()), of(done)) });
    const app = createApp({ processors: [P] });
    const bulk = Array.from({ length: jobs }, () => ({
      name: 'job',
      data: undefined as never,
      opts: { removeOnComplete: true },
    }));
    await app.queue(P).addBulk(bulk);
    const drained = new Promise<void>((resolve) => app.worker(P).on('drained', () => done === jobs && resolve()));
    const gaps: number[] = [];
    let last = performance.now();
    const tick = (): void => {
      gaps.push(performance.now() - last);
      last = performance.now();
      timeout = setTimeout(tick, 1);
    };
    let timeout = setTimeout(tick, 1);
    await app.start();
    await drained;
    clearTimeout(timeout);
    await app.close();
    expect(done).toBe(jobs);
    expect(gaps.length).toBeGreaterThan(10);
    // nine out of ten: the machine may have been busy with something else now and then
    expect(gaps.sort((a, b) => a - b)[Math.floor(gaps.length * 0.9)]).toBeLessThan(50);
    expect(Math.max(...depths) - Math.min(...depths)).toBeLessThan(10);
  }, 60_000);

  it('W6: a job of 3,000 steps leaves the stack flat', async () => {
    const depths = new Set<number>();
    const step = () => (depths.add(depth()), of('end'));
    const w = await start([processor(Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`step${i}`, step])))]);
    await expect(w.until((await w.add()).result())).resolves.toBe('end');
    expect(Math.max(...depths) - Math.min(...depths)).toBeLessThan(50);
  });

  it.each([1, 10, 5_000])(
    'W6: with %i slots, the loop returns to the event loop after 1,000 transitions',
    async (slots) => {
      let done = 0;
      let most = 0;
      const P = processor({ only: () => (++done, of(1)) }, { concurrency: slots });
      const w = new World();
      await w.client.queue(P).addBulk(Array.from({ length: 5_000 }, () => ({ name: 'job', data: undefined as never })));
      await w.machine([P]);
      for (let before = 0; before < 5_000; before = done) {
        if (!w.clock.tick()) await Promise.resolve();
        most = Math.max(most, done - before);
      }
      expect(most).toBeLessThanOrEqual(1_000);
    },
  );

  it('W6: so does a job of many steps', async () => {
    let done = 0;
    let most = 0;
    const step = () => (++done, of('end'));
    const w = await start([processor(Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`step${i}`, step])))]);
    await w.add();
    for (let before = 0; before < 3_000; before = done) {
      if (!w.clock.tick()) await Promise.resolve();
      most = Math.max(most, done - before);
    }
    expect(most).toBeLessThanOrEqual(1_000);
  });

  it('W6: jobs that take long, claimed in one call, let timers fire after 10 ms', async () => {
    let done = 0;
    const P = processor({ only: () => (w.clock.block(6), ++done, of(1)) }, { concurrency: 50 });
    const w = new World();
    await w.client.queue(P).addBulk(Array.from({ length: 50 }, () => ({ name: 'job', data: undefined as never })));
    await w.machine([P]);
    expect(done).toBe(2);
    await w.when(() => done === 50);
  });
});

describe('W7: claims', () => {
  it('W7: a worker claims as many jobs as it has free slots, in one call', async () => {
    const sources = new Map<string, Subject<unknown>>();
    const w = new World();
    const P = processor(
      {
        only: (job) => {
          const source = new Subject<unknown>();
          sources.set(job.id, source);
          return source;
        },
      },
      { concurrency: 5 },
    );
    for (let i = 0; i < 12; i++) await w.client.queue(P).add('job', undefined);
    const one = await w.machine([P]);
    await w.settle();
    const limits = (): readonly number[] => one.spy.of('claim').map(({ args }) => args[1].limit);
    expect(limits()).toEqual([5]);
    sources.get('1')!.complete();
    sources.get('2')!.complete();
    await w.settle();
    expect(limits().slice(1)).toEqual([1, 1]);
    expect(one.app.worker(P).activeCount).toBe(5);
  });

  it('W7: with answers that come late, never more jobs are run than there are slots', async () => {
    let running = 0;
    let most = 0;
    const w = new World();
    const P = processor(
      {
        only: () =>
          defer(() => {
            most = Math.max(most, ++running);
            return concat(w.timer(7), of('end')).pipe(tap({ finalize: () => running-- }));
          }),
      },
      { concurrency: 4 },
    );
    const jobs = await w.client
      .queue(P)
      .addBulk(Array.from({ length: 40 }, () => ({ name: 'job', data: undefined as never })));
    const one = await w.machine([P], { prepare: (spy) => spy.slow(4) });
    for (const job of jobs) await w.until(job.result());
    expect(most).toBe(4);
    for (const { args } of one.spy.of('claim')) expect(args[1].limit).toBeLessThanOrEqual(4);
  });

  it('W7: an idle worker asks the store for nothing', async () => {
    const w = await start([processor({ only: () => of(1) })]);
    await w.pass(1_000);
    const calls = w.calls.length;
    await w.pass(3_600_000);
    expect(w.calls).toHaveLength(calls);
  });
});

describe('events of a Worker', () => {
  type Heard = readonly [type: string, ...rest: readonly unknown[]];

  /** All that a worker tells, jobs by their id. */
  function listenTo(P: Class, heard: Heard[]): (app: App) => void {
    return (app) => {
      const worker = app.worker(P);
      worker.on('active', (job, prev) => heard.push(['active', job.id, prev]));
      worker.on('completed', (job, result, prev) => heard.push(['completed', job.id, result, prev]));
      worker.on('failed', (job, error, prev) => heard.push(['failed', job?.id, error.message, prev]));
      worker.on('drained', () => heard.push(['drained']));
      worker.on('error', (error) => heard.push(['error', error.message]));
      worker.on('closing', (message) => heard.push(['closing', message]));
      worker.on('closed', () => heard.push(['closed']));
    };
  }

  it('a worker tells of active, completed, failed, drained, closing and closed', async () => {
    const heard: Heard[] = [];
    const P = processor({
      only: [
        { attempts: 2, backoff: 5 },
        (job) => (job.data === 'bad' ? throwError(() => new Error('boom')) : of('good')),
      ],
    });
    const w = await start([P], { listen: listenTo(P, heard) });
    await w.until((await w.add('ok')).result());
    await expect(w.until((await w.add('bad')).result())).rejects.toThrow('boom');
    await w.settle();
    await w.until(w.app.close());
    expect(heard).toEqual([
      ['drained'],
      ['active', '1', 'waiting'],
      ['completed', '1', 'good', 'active'],
      ['drained'],
      ['active', '2', 'waiting'],
      ['failed', '2', 'boom', 'active'],
      ['drained'],
      ['active', '2', 'waiting'],
      ['failed', '2', 'boom', 'active'],
      ['drained'],
      ['closing', 'worker of queue work closes'],
      ['closed'],
    ]);
  });

  it("the job of completed and of failed is as the end has made it, like BullMQ's", async () => {
    const ends: unknown[] = [];
    const P = processor({
      only: [{ attempts: 2 }, (job) => (job.data === 'bad' ? throwError(() => new Error('boom')) : of('good'))],
    });
    const note = (job: Job | undefined): void =>
      void ends.push([job!.attemptsMade, job!.returnvalue, job!.failedReason, job!.stacktrace.length, job!.finishedOn]);
    const w = await start([P], { listen: (app) => void app.worker(P).on('completed', note).on('failed', note) });
    await w.until((await w.add('ok')).result());
    await expect(w.until((await w.add('bad')).result())).rejects.toThrow('boom');
    const now = w.clock.now();
    expect(ends).toEqual([
      [1, 'good', undefined, 0, now],
      [1, undefined, 'boom', 1, undefined],
      [2, undefined, 'boom', 2, now],
    ]);
  });

  it('drained is told once each time that the queue has become empty', async () => {
    let drained = 0;
    const P = processor({ only: () => of(1) }, { concurrency: 3 });
    const w = new World();
    const jobs = await w.client
      .queue(P)
      .addBulk(Array.from({ length: 10 }, () => ({ name: 'job', data: undefined as never })));
    const one = await w.machine([P], { listen: (app) => app.worker(P).on('drained', () => drained++) });
    for (const job of jobs) await w.until(job.result());
    await w.pass(10_000);
    expect(drained).toBe(1);
    await w.until((await one.add()).result());
    await w.pass(10_000);
    expect(drained).toBe(2);
  });

  it('drained is not told while a job is still being run', async () => {
    let drained = 0;
    const { source, step } = observed();
    const P = processor({ only: step }, { concurrency: 3 });
    const w = new World();
    await w.client.queue(P).add('job', 1);
    await w.machine([P], { listen: (app) => app.worker(P).on('drained', () => drained++) });
    await w.pass(1_000);
    expect(drained).toBe(0);
    source.complete();
    await w.settle();
    expect(drained).toBe(1);
  });

  it.each(['at once', 'later'])('an error of the engine, %s, is told and the call made again', async (when) => {
    const heard: Heard[] = [];
    const P = processor({ only: () => of('end') });
    const w = new World();
    const job = await w.client.queue(P).add('job', undefined);
    let errors = 3;
    await w.machine([P], {
      listen: listenTo(P, heard),
      prepare: (spy) => {
        spy.around = (call, proceed) => {
          if (!['claim', 'recoverStalled'].includes(call.method) || errors-- <= 0) return proceed();
          const error = new Error(`no ${call.method}`);
          if (when === 'later') return Promise.reject(error);
          throw error;
        };
      },
    });
    await expect(w.until(job.result())).resolves.toBe('end');
    await w.settle();
    expect(heard).toEqual([
      ['error', 'no recoverStalled'],
      ['error', 'no claim'],
      ['error', 'no claim'],
      ['active', '1', 'waiting'],
      ['completed', '1', 'end', 'active'],
      ['drained'],
    ]);
    expect(w.clock.now() - job.timestamp).toBeLessThanOrEqual(2_000);
  });

  it('a renewal that fails is told, and made again before the lease runs out', async () => {
    const heard: Heard[] = [];
    const { source, step } = observed();
    const P = processor({ only: step });
    const w = await start([P], { listen: listenTo(P, heard) });
    const job = await w.add();
    await w.settle();
    w.spy.failAt(is('renew'), new Error('no connection'), 2);
    await w.pass(30_000);
    source.next('end');
    source.complete();
    await expect(w.until(job.result())).resolves.toBe('end');
    expect(heard.filter(([type]) => type === 'error')).toEqual([
      ['error', 'no connection'],
      ['error', 'no connection'],
    ]);
  });

  it('without a listener an error goes to the logger', async () => {
    const w = await start([processor({ only: () => of(1) })]);
    w.spy.failAt(is('claim'), new Error('no connection'), 1);
    await w.until((await w.add()).result());
    expect(w.logged).toEqual(['worker of queue work: no connection']);
  });

  it.each(['active', 'completed', 'failed', 'drained', 'closing', 'closed', 'stalled', 'lockRenewalFailed'] as const)(
    'a listener of %s that throws is told as an error, and disturbs no job and no close',
    async (event) => {
      const errors: string[] = [];
      const calm = (app: App): void => {
        const worker = app.worker(P);
        worker.on(event, () => {
          throw new Error(`listener of ${event}`);
        });
        worker.on('error', (error) => errors.push(error.message));
      };
      let hang = true;
      const P = processor({
        only: (job) =>
          job.data === 'bad' ? throwError(() => new Error('boom')) : hang && job.data === 'dies' ? NEVER : of(job.data),
      });
      const world = new World();
      const one = await world.machine([P]);
      const orphan = await one.add('dies');
      await world.settle();
      one.spy.die();
      hang = false;
      const two = await world.machine([P], { listen: calm });
      await expect(world.until(orphan.result())).resolves.toBe('dies');
      two.spy.around = (call, proceed) => (call.method === 'renew' ? call.args[0] : proceed());
      hang = true;
      await two.add('dies');
      await world.pass(3_000);
      two.spy.around = (_, proceed) => proceed();
      await expect(world.until((await two.add('bad')).result())).rejects.toThrow('boom');
      await expect(world.until((await two.add('ok')).result())).resolves.toBe('ok');
      await world.until(two.app.close({ grace: 1 }));
      expect(errors.filter((message) => message === `listener of ${event}`).length).toBeGreaterThan(0);
    },
  );

  it('a result that can not be decoded for a listener is told as an error; the job has completed', async () => {
    const codec: Codec = {
      encode: (value) => JSON.stringify(value),
      decode: (payload) => {
        if (payload.includes('bad')) throw new Error('another key');
        return JSON.parse(payload);
      },
    };
    const errors: string[] = [];
    const P = processor({ only: () => of('bad') });
    const w = await start([P], {
      codec,
      listen: (app) => {
        app.worker(P).on('completed', () => errors.push('told as completed'));
        app.worker(P).on('error', (error) => errors.push(error.message));
      },
    });
    await expect(w.until((await w.add()).result())).resolves.toBe('bad');
    expect(errors).toEqual([expect.stringContaining('another key')]);
    expect(w.app.worker(P).activeCount).toBe(0);
  });

  it('a listener of error that throws goes to the logger', async () => {
    const P = processor({ only: () => of(1) });
    const w = await start([P], {
      listen: (app) =>
        app.worker(P).on('error', () => {
          throw new Error('listener of error');
        }),
    });
    w.spy.failAt(is('claim'), new Error('no connection'), 1);
    await w.until((await w.add()).result());
    expect(w.logged).toEqual(['worker of queue work: no connection', 'worker of queue work: listener of error']);
  });

  it('job.log that fails is told to the logger: it is no error of the step', async () => {
    const w = await start([processor({ only: (job) => (job.log('row'), of('end')) })]);
    w.spy.failAt(is('log'), new Error('no connection'), 1);
    await expect(w.until((await w.add()).result())).resolves.toBe('end');
    expect(w.logged).toEqual([expect.stringContaining('no connection')]);
  });
});

describe('I14: what a store may hold', () => {
  it.each<[string, (record: any) => any]>([
    [
      'a cursor that is no JSON',
      (job) => ({ ...job, checkpoint: { seq: job.checkpoint.seq, cursor: '{', fields: new Map() } }),
    ],
    ['a cursor that is null', (job) => ({ ...job, checkpoint: { ...job.checkpoint, cursor: 'null' } })],
    [
      'an output that is no JSON',
      (job) => ({ ...job, checkpoint: { ...job.checkpoint, fields: new Map([['o:first', '{']]) } }),
    ],
    ['data that are no JSON', (job) => ({ ...job, data: '{' })],
  ])('I14: %s fails its own job with CorruptPayloadError, and no other', async (_, corrupt) => {
    const world = new World();
    const steps = { first: () => of(1), second: (job: StepJob) => (job.data === 'ok' ? of('end') : NEVER) };
    const one = await world.machine([processor(steps)]);
    const job = await one.add('x');
    await world.settle();
    await world.until(one.app.close({ grace: 1 }));
    const two = await world.machine([processor(steps)], {
      prepare: (spy) => {
        spy.around = ({ method }, proceed) => {
          const answer = proceed() as any;
          if (method !== 'claim') return answer;
          return answer.map((each: any) => (each.job.id === job.id ? { ...each, job: corrupt(each.job) } : each));
        };
      },
    });
    await expect(world.until(job.result())).rejects.toMatchObject({ code: 'CORRUPT_PAYLOAD' });
    await expect(world.until((await two.add('ok')).result())).resolves.toBe('end');
    expect(world.get(job).checkpoint!.fields.get('o:first')).toBe('1');
  });
});
