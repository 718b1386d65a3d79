import {
  EMPTY,
  Subject,
  catchError,
  concatMap,
  defer,
  forkJoin,
  from,
  map,
  merge,
  of,
  range,
  tap,
  throwError,
} from 'rxjs';
import {
  ChildFailedError,
  addChildren,
  awaitChildren,
  checkpoint,
  type ChildSpec,
  type Job,
  type JobOptions,
} from 'stepstream';
import type { ChildRecord } from '../../src/engine/records.js';
import { processor, type Steps } from '../support/processor.js';
import { World, start } from '../support/world.js';

const kid = (data?: unknown, opts?: JobOptions): ChildSpec => ({
  queue: 'kids',
  name: 'kid',
  data,
  ...(opts && { opts }),
});

/** Doubles a number; fails for one below 0. */
const kids = processor(
  { double: (job) => (job.data < 0 ? throwError(() => new Error(`no ${job.data}`)) : of(job.data * 2)) },
  { queue: 'kids', concurrency: 10 },
);

/** A parent of one step, in a world where nobody runs its children yet. */
async function parentOf(step: Steps[string], more: Steps = {}) {
  const w = await start([processor({ only: step, ...more })]);
  const job = await w.add();
  await w.settle();
  return Object.assign(w, { job, childrenOf: () => childrenOf(w, job) });
}

const childrenOf = (world: World, { queueName, id }: Job): readonly ChildRecord[] =>
  world.engine.children(queueName, id) as readonly ChildRecord[];

/** How often a job has been taken by a worker. */
const activations = (world: World, job: Job): number => world.get(job).attemptsStarted;

describe('C2: no duplicates', () => {
  it("C2: a child's id is a 22-character base64url hash and -index, the same in every process", async () => {
    const ids = async () => {
      const w = new World();
      const P = processor({ only: () => of(1, 2).pipe(awaitChildren((n) => [kid(n), kid(n + 10)])) });
      const job = await w.client.queue(P).add('job', undefined, { jobId: 'own', timestamp: 5 });
      await w.machine([P]);
      await w.settle();
      return childrenOf(w, job).map(({ id }) => id);
    };
    const first = await ids();
    expect(first.map((id) => id.slice(22))).toEqual(['-0', '-1', '-2', '-3']);
    for (const id of first) expect(id).toMatch(/^[\w-]{22}-\d$/);
    expect(new Set(first.map((id) => id.slice(0, 22))).size).toBe(1);
    expect(await ids()).toEqual(first);
  });

  it('C2: each gate, visit and job has ids of its own', async () => {
    const two = (): Steps[string] => () =>
      forkJoin([of(1).pipe(awaitChildren(() => kid(1))), of(1).pipe(awaitChildren(() => kid(1), { key: 'k' }))]);
    const w = await start([processor({ first: two(), second: two() }), kids]);
    const jobs = [await w.add(), await w.add()];
    for (const job of jobs) await w.until(job.result());
    const ids = jobs.flatMap((job) => childrenOf(w, job)).map(({ id }) => id);
    expect(ids).toHaveLength(8);
    expect(new Set(ids).size).toBe(8);
  });

  it('C2: up to 100 children travel with the parking write', async () => {
    const w = await parentOf(() => range(0, 100).pipe(awaitChildren((n) => kid(n))));
    expect(w.spy.writes.map(({ method, write }) => [method, write.children?.length])).toEqual([
      ['moveToWaitingChildren', 100],
    ]);
  });

  it('C2: more go in chunks of at most 100 before it, their progress saved in each', async () => {
    const w = await parentOf(() => range(0, 250).pipe(awaitChildren((n) => kid(n))));
    expect(w.spy.writes.map(({ method, write }) => [method, write.children?.length])).toEqual([
      ['checkpoint', 100],
      ['checkpoint', 100],
      ['moveToWaitingChildren', 50],
    ]);
    expect(w.spy.writes.map(({ write }) => JSON.parse(write.fields!.get('g:0')!).a)).toEqual([100, 200, undefined]);
    expect(w.childrenOf()).toHaveLength(250);
  });

  it.each(['before', 'after'] as const)(
    'C2: a worker that is lost right %s any write of the chunking leaves no child twice and none missing',
    async (moment) => {
      for (let nth = 1; nth <= 4; nth++) {
        const world = new World();
        const added = new Map<string, number>();
        world.engine.events('kids', ({ type, jobId }) => {
          if (type === 'added') added.set(jobId, (added.get(jobId) ?? 0) + 1);
        });
        const P = processor({ only: () => range(0, 250).pipe(awaitChildren((n) => kid(n))) });
        const one = await world.machine([P]);
        let writes = 0;
        one.spy.dieAt(moment, ({ write }) => write !== undefined && ++writes === nth);
        const job = await one.add();
        await world.settle();
        await world.machine([kids]);
        await world.when(() => one.spy.dead);
        const two = await world.machine([P]);
        await expect(world.until(job.result())).resolves.toEqual(Array.from({ length: 250 }, (_, n) => n * 2));
        expect(added.size).toBe(250);
        expect(new Set(added.values())).toEqual(new Set([1]));
        const sent = [...one.spy.writes, ...two.spy.writes].map(({ write }) => write.children?.length ?? 0);
        expect(Math.max(...sent)).toBeLessThanOrEqual(100);
      }
    },
  );

  it('C2: after a crash in the middle, the chunks that were saved are not sent again, though the source runs again', async () => {
    const world = new World();
    let runs = 0;
    const P = processor({ only: () => defer(() => (runs++, range(0, 250))).pipe(awaitChildren((n) => kid(n))) });
    const one = await world.machine([P]);
    one.spy.dieAt('before', ({ write }) => write?.seq === 3);
    const job = await one.add();
    await world.settle();
    const two = await world.machine([P, kids]);
    await world.until(job.result());
    expect(two.spy.writes.filter(({ write }) => write.children).map(({ write }) => write.children!.length)).toEqual([
      50,
    ]);
    expect(runs).toBe(2);
  });

  it('C2: opts.jobId of a child is refused', async () => {
    const w = await parentOf(() => of(1).pipe(awaitChildren(() => kid(1, { jobId: 'own' }))));
    await expect(w.job.result()).rejects.toMatchObject({
      code: 'INVALID_CHILD',
      message: expect.stringMatching(/child 0 of .* has a jobId/),
    });
    expect(w.childrenOf()).toEqual([]);
  });

  it('C2: 10,000 children per gate are the limit', async () => {
    const many = await parentOf(() => of(10_000).pipe(awaitChildren((n) => Array.from({ length: n }, () => kid()))));
    expect(many.childrenOf()).toHaveLength(10_000);
    const tooMany = await parentOf(() => of(10_001).pipe(awaitChildren((n) => Array.from({ length: n }, () => kid()))));
    await expect(tooMany.job.result()).rejects.toMatchObject({
      code: 'CHECKPOINT_LIMIT',
      message: expect.stringContaining('10001 children, the limit is 10000'),
    });
    expect(tooMany.childrenOf()).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'INVALID_CHILD'],
    ['a text', 'kids', 'INVALID_CHILD'],
    ['no queue', { name: 'kid' }, 'INVALID_CHILD'],
    ['a class without @Processor', { queue: Date, name: 'kid' }, 'INVALID_CHILD'],
    ['a queue with a colon', { queue: 'a:b', name: 'kid' }, 'INVALID_CHILD'],
    ['no name', { queue: 'kids' }, 'CONFIGURATION'],
    ['an option that there is not', { queue: 'kids', name: 'kid', opts: { prio: 1 } }, 'CONFIGURATION'],
    ['data that JSON would lose', { queue: 'kids', name: 'kid', data: NaN }, 'UNSERIALIZABLE_VALUE'],
  ])('C2: a child that is %s adds none of its siblings', async (_, bad, code) => {
    const w = await parentOf(() => of(1, 2).pipe(awaitChildren((n) => (n === 1 ? kid(n) : (bad as ChildSpec)))));
    await expect(w.job.result()).rejects.toMatchObject({ code });
    expect(w.childrenOf()).toEqual([]);
  });

  it('C2: a retry of the parent adds no child again', async () => {
    let failures = 2;
    const w = await start([
      processor({
        only: [
          { attempts: 3 },
          () =>
            range(1, 3).pipe(
              awaitChildren((n) => kid(n)),
              concatMap((results) => (failures-- > 0 ? throwError(() => new Error('below')) : of(results))),
            ),
        ],
      }),
      kids,
    ]);
    const job = await w.add();
    await expect(w.until(job.result())).resolves.toEqual([2, 4, 6]);
    expect(childrenOf(w, job)).toHaveLength(3);
    expect(await w.engine.counts('kids')).toMatchObject({ completed: 3, waiting: 0 });
  });
});

describe('C3: no lost wake-up', () => {
  it('C3: children that finish while the last ones are still being added are not waited for again', async () => {
    const w = await start([processor({ only: () => range(0, 150).pipe(awaitChildren((n) => kid(n))) }), kids]);
    const held = w.spy.holdBack(({ method }) => method === 'moveToWaitingChildren');
    const job = await w.add();
    await w.settle();
    // the children of the last chunk come with the parking write: they are finished only after it
    expect(await w.engine.counts('kids')).toMatchObject({ completed: 100 });
    held.release();
    await expect(w.until(job.result())).resolves.toHaveLength(150);
    expect(activations(w, job)).toBe(2);
  });

  it('C3: a parent whose children have all finished before it can park goes on without parking', async () => {
    const sibling = new Subject<unknown>();
    const w = await start([
      processor({
        only: () => forkJoin([of(1, 2).pipe(awaitChildren((n) => kid(n))), sibling.pipe(checkpoint())]),
      }),
      kids,
    ]);
    const job = await w.add();
    await w.settle();
    expect(await w.engine.counts('kids')).toMatchObject({ completed: 2 });
    sibling.next('s');
    sibling.complete();
    await expect(w.until(job.result())).resolves.toEqual([[2, 4], 's']);
    expect(activations(w, job)).toBe(1);
    expect(w.spy.of('moveToWaitingChildren')).toHaveLength(1);
  });

  it('S3, C3: what travelled with a parking write that did not park is not counted again', async () => {
    const live = new Subject<string>();
    const sibling = new Subject<string>();
    // behind the gate, so that they travel with the write that would park
    const emit = (): void => ['a', 'b'].forEach((value) => live.next(value));
    const w = await start([
      processor({
        only: () =>
          merge(live, forkJoin([of(1).pipe(awaitChildren((n) => kid(n))), sibling.pipe(checkpoint(), tap(emit))])),
      }),
      kids,
    ]);
    const job = await w.add();
    await w.settle();
    sibling.next('s');
    sibling.complete();
    await w.settle();
    live.complete();
    await w.until(job.result());
    const counts = w.spy.writes
      .filter(({ lease, write }) => lease.queue === 'work' && write.progress !== undefined)
      .map(({ method, write }) => [method, JSON.parse(write.progress!).count as number]);
    expect(counts).toEqual([
      ['moveToWaitingChildren', 2],
      ['checkpoint', 1],
    ]);
  });

  it('C3: a child that finishes while the answer to the parking is on its way wakes the parent once', async () => {
    const w = await start([processor({ only: () => of(1).pipe(awaitChildren((n) => kid(n))) }), kids]);
    const held = w.spy.hold(({ method }) => method === 'moveToWaitingChildren');
    const job = await w.add();
    await w.settle();
    expect(await w.engine.counts('kids')).toMatchObject({ completed: 1 });
    held.release();
    await expect(w.until(job.result())).resolves.toEqual([2]);
    expect(activations(w, job)).toBe(2);
  });

  it('C3: a child that finishes after its parent has parked wakes it once', async () => {
    const w = await parentOf(() => range(1, 5).pipe(awaitChildren((n) => kid(n))));
    const woken: string[] = [];
    w.engine.events('work', ({ type }) => woken.push(type), w.job.id);
    expect(w.get(w.job).state).toBe('waiting-children');
    await w.pass(3_600_000);
    await w.machine([kids]);
    await expect(w.until(w.job.result())).resolves.toEqual([2, 4, 6, 8, 10]);
    expect(woken).toEqual(['waiting', 'active', 'progress', 'completed']);
  });

  it('C3: the same with a store that answers late, wherever the children are run', async () => {
    for (let latency = 0; latency <= 12; latency += 2) {
      const world = new World();
      const P = processor({
        only: () => range(0, 120).pipe(awaitChildren((n) => kid(n))),
        next: (_, results) => of(results.length),
      });
      const one = await world.machine([P], { prepare: (spy) => spy.slow(10) });
      await world.machine([kids], { prepare: (spy) => spy.slow(Math.max(latency, 1)) });
      const job = await one.add();
      await expect(world.until(job.result())).resolves.toBe(120);
      expect(activations(world, job)).toBeLessThanOrEqual(2);
    }
  });

  it('C3: a parent holds no slot and no timer while it waits', async () => {
    const w = await parentOf(() => of(1).pipe(awaitChildren((n) => kid(n))));
    await w.pass(60_000);
    expect(w.clock.pending).toBe(0);
    const ran: string[] = [];
    const other = await w.add();
    await w.settle();
    ran.push(w.get(other).state);
    expect(ran).toEqual(['waiting-children']);
  });
});

describe('C4: failure', () => {
  it('C4: a child that fails for good wakes its parent at once; ChildFailedError tells the reason, and is not retried', async () => {
    let calls = 0;
    const w = await start([
      processor({
        only: [
          { attempts: 5 },
          () => (
            calls++,
            of(1, -7, 2).pipe(awaitChildren((n) => (n === 2 ? { queue: 'idle', name: 'never-run' } : kid(n))))
          ),
        ],
      }),
      kids,
    ]);
    const job = await w.add();
    const failing = w.until(job.result());
    await expect(failing).rejects.toThrow(ChildFailedError);
    await expect(failing).rejects.toThrow(/^child [\w-]{22}-1 of queue kids failed: no -7$/);
    expect(calls).toBe(2);
    expect(w.get(job).attemptsMade).toBe(1);
  });

  it('C4: a child with attempts left does not wake its parent', async () => {
    let failures = 2;
    const w = await start([
      processor({ only: () => of(1).pipe(awaitChildren((n) => kid(n, { attempts: 3, backoff: 50 }))) }),
      processor(
        { flaky: () => (failures-- > 0 ? throwError(() => new Error('again')) : of('third time')) },
        { queue: 'kids' },
      ),
    ]);
    const job = await w.add();
    await expect(w.until(job.result())).resolves.toEqual(['third time']);
    expect(activations(w, job)).toBe(2);
  });

  it('C4: the error can be caught in the stream, before it would fail the job', async () => {
    const w = await start([
      processor({
        only: () =>
          of(-1).pipe(
            awaitChildren((n) => kid(n)),
            catchError((error: unknown) => of(error instanceof ChildFailedError ? 'caught' : 'what?')),
          ),
      }),
      kids,
    ]);
    await expect(w.until((await w.add()).result())).resolves.toBe('caught');
  });

  it('C4: a child that is removed before it has finished is a ChildFailedError too', async () => {
    const w = await parentOf(() => of(1).pipe(awaitChildren((n) => kid(n))));
    await w.engine.remove('kids', w.childrenOf()[0]!.id);
    await expect(w.until(w.job.result())).rejects.toThrow(/was removed before it had finished/);
  });

  it('C4: a finished child that was removed since still counts', async () => {
    const w = await parentOf(() => of(1, 2).pipe(awaitChildren((n) => kid(n, { removeOnComplete: true }))));
    await w.machine([kids]);
    await expect(w.until(w.job.result())).resolves.toEqual([2, 4]);
    expect(await w.engine.counts('kids')).toMatchObject({ completed: 0 });
  });

  it('C4: retrying the child, then the parent, works: the failure was never saved in the parent', async () => {
    let fails = true;
    const w = await start([
      processor({ only: () => of(1, 2).pipe(awaitChildren((n) => kid(n))) }),
      processor(
        { repaired: (job) => (fails && job.data === 2 ? throwError(() => new Error('broken')) : of(job.data)) },
        { queue: 'kids' },
      ),
    ]);
    const job = await w.add();
    await expect(w.until(job.result())).rejects.toThrow('broken');
    fails = false;
    const failed = childrenOf(w, job).find(({ status }) => status === 'failed')!;
    await w.engine.retry('kids', failed.id);
    await w.settle();
    await w.engine.retry('work', job.id);
    await expect(w.until(job.result())).resolves.toEqual([1, 2]);
  });

  it('C4: retrying the parent first lets it wait for the child again', async () => {
    let fails = true;
    const w = await start([
      processor({ only: () => of(1).pipe(awaitChildren((n) => kid(n))) }),
      processor(
        { repaired: (job) => (fails ? throwError(() => new Error('broken')) : of(job.data)) },
        { queue: 'kids' },
      ),
    ]);
    const job = await w.add();
    await expect(w.until(job.result())).rejects.toThrow('broken');
    const [child] = childrenOf(w, job);
    await w.engine.retry('work', job.id);
    await expect(w.until(job.result())).rejects.toThrow('broken');
    fails = false;
    await w.engine.pause('kids');
    await w.engine.retry('kids', child!.id);
    await w.engine.retry('work', job.id);
    await w.settle();
    expect(w.get(job).state).toBe('waiting-children');
    await w.engine.resume('kids');
    await expect(w.until(job.result())).resolves.toEqual([1]);
  });
});

describe('C5: rounds', () => {
  it('C5: two gates, one after the other, each see the results of their own children', async () => {
    const seen: unknown[] = [];
    const w = await start([
      processor({
        only: () =>
          of(1, 2).pipe(
            awaitChildren((n) => kid(n)),
            tap((results) => seen.push(results)),
            concatMap((results) => from(results as number[])),
            awaitChildren((n) => kid(n * 10)),
          ),
        next: (_, input) => from(input as number[]).pipe(awaitChildren((n) => kid(n))),
      }),
      kids,
    ]);
    const job = await w.add();
    await expect(w.until(job.result())).resolves.toEqual([80, 160]);
    expect(seen).toEqual([[2, 4]]);
    expect(activations(w, job)).toBe(4);
  });

  it("C5: the failure of one gate's child is not the other gate's", async () => {
    const w = await start([
      processor({
        only: () =>
          forkJoin([
            of(-1).pipe(
              awaitChildren((n) => kid(n)),
              catchError(() => of('failed')),
              checkpoint(),
            ),
            of(3).pipe(awaitChildren((n) => kid(n))),
          ]),
      }),
      kids,
    ]);
    await expect(w.until((await w.add()).result())).resolves.toEqual(['failed', [6]]);
  });
});

describe('C1: children beside the steps', () => {
  it('C1: addChildren passes its values on, and the next steps run beside the children', async () => {
    const ran: unknown[] = [];
    const w = await parentOf(
      () =>
        of(1, 2).pipe(
          addChildren((n) => kid(n)),
          map((n) => n + 100),
        ),
      {
        next: (_, input) => (ran.push(input), of('result')),
      },
    );
    expect(ran).toEqual([102]);
    expect(w.spy.writes.map(({ method, write }) => [method, write.children?.length ?? 0])).toEqual([
      ['checkpoint', 2],
      ['checkpoint', 0],
      ['complete', 0],
    ]);
    expect(w.get(w.job).state).toBe('waiting-children');
  });

  it('C1: the job does not complete before its children: its result is saved, and no step runs again for it', async () => {
    let calls = 0;
    const w = await parentOf(
      () => (
        calls++,
        of(1).pipe(
          addChildren((n) => kid(n)),
          map(() => 'result'),
        )
      ),
    );
    await w.pass(3_600_000);
    expect(w.get(w.job)).toMatchObject({ state: 'waiting-children', returnvalue: undefined });
    const two = await w.machine([kids]);
    await expect(w.until(w.job.result())).resolves.toBe('result');
    expect(calls).toBe(1);
    expect(activations(w, w.job)).toBe(2);
    expect(two.logged).toEqual([]);
  });

  it('C1: a child that fails for good fails the job, with its reason', async () => {
    const w = await start([
      processor({ only: [{ attempts: 3 }, () => of(5, -5).pipe(addChildren((n) => kid(n)))] }),
      kids,
    ]);
    const job = await w.add();
    const failing = w.until(job.result());
    await expect(failing).rejects.toThrow(ChildFailedError);
    await expect(failing).rejects.toThrow(/-1 of queue kids failed: no -5$/);
    expect(w.get(job).attemptsMade).toBe(1);
  });

  it('C1: such a job, its child and then itself retried, completes with the result that it had', async () => {
    let calls = 0;
    let fails = true;
    const w = await start([
      processor({ only: () => (calls++, of('result').pipe(addChildren(() => kid()))) }),
      processor({ repaired: () => (fails ? throwError(() => new Error('broken')) : of(1)) }, { queue: 'kids' }),
    ]);
    const job = await w.add();
    await expect(w.until(job.result())).rejects.toThrow('broken');
    fails = false;
    const [child] = childrenOf(w, job);
    await w.engine.retry('kids', child!.id);
    await w.engine.retry('work', job.id);
    await expect(w.until(job.result())).resolves.toBe('result');
    expect(calls).toBe(1);
  });

  it('C1: an empty source adds nothing and passes nothing on', async () => {
    const w = await start([processor({ only: () => EMPTY.pipe(addChildren(() => kid())) })]);
    await expect(w.until((await w.add()).result())).resolves.toBeUndefined();
  });

  it('C1: queue may be a processor class', async () => {
    const w = await start([
      processor({ only: () => of(4).pipe(awaitChildren((n) => ({ queue: kids, name: 'kid', data: n as never }))) }),
      kids,
    ]);
    await expect(w.until((await w.add()).result())).resolves.toEqual([8]);
  });

  it('C1: a child may have children, and its parent waits for all of them', async () => {
    const tree = processor(
      {
        grow: (job) =>
          job.data === 0
            ? of([1])
            : of(1, 2).pipe(awaitChildren(() => ({ queue: 'tree', name: 'branch', data: job.data - 1 }))),
        count: (_, counts: number[]) => of(counts.reduce((a, b) => a + b)),
      },
      { queue: 'tree', concurrency: 3 },
    );
    const w = await start([tree]);
    await expect(w.until((await w.add(5)).result())).resolves.toBe(32);
  });
});
