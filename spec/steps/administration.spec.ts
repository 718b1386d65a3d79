import { NEVER, concatMap, defer, forkJoin, map, of, tap, throwError, timer } from 'rxjs';
import {
  UnrecoverableError,
  addChildren,
  awaitChildren,
  checkpoint,
  delay,
  type Engine,
  type StepJob,
} from 'stepstream';
import type { Claimed } from '../../src/engine/engine.js';
import type { JobRecord } from '../../src/engine/records.js';
import { processor } from '../support/processor.js';
import { counted, runJobOf } from '../support/run-step.js';
import { virtualClock, virtually, type VirtualRun } from '../support/virtual.js';

const day = 86_400_000;
const now = () => virtualClock.now();

/** A job's run as far as a test has to say something of it: what was done, and when. */
function diary() {
  const entries: (readonly [at: number, what: unknown])[] = [];
  return { entries, note: (what: unknown) => void entries.push([now(), what]) };
}

describe('A1: time as the store has it', () => {
  it('A1: a job that is promoted in a delay gate passes it when it is claimed; what stands above does not run again', () => {
    const charge = counted(() => of('receipt'));
    const ran = runJobOf(processor({ only: () => charge.pipe(delay('3 days')) }), undefined, {
      play: ({ at, engine }, id) => at(100, () => void engine.promote('work', id)),
    });
    expect(ran).toMatchObject({ state: 'completed', result: 'receipt', end: 100, activations: 2 });
    expect(charge.runs).toBe(1);
  });

  it.each([
    ['sooner', 40],
    ['later', 5_000],
  ])('A1: a job whose delay is changed to end %s passes at that time, once', (_, due) => {
    const ran = runJobOf(processor({ only: () => of('x').pipe(delay(1_000), map(now)) }), undefined, {
      play: ({ at, engine }, id) => at(10, () => void engine.changeDelay('work', id, due)),
    });
    expect(ran).toMatchObject({ state: 'completed', result: due, end: due, activations: 2 });
  });

  it('A1: a gate that was let through before its time stays so over a retry', () => {
    const failing = counted(() => throwError(() => new Error('once')));
    const stream = () =>
      of('x').pipe(
        delay('3 days'),
        concatMap((value) => (failing.runs === 0 ? failing : of(value))),
      );
    const ran = runJobOf(processor({ only: [{ attempts: 2, backoff: 50 }, stream] }), undefined, {
      play: ({ at, engine }, id) => at(100, () => void engine.promote('work', id)),
    });
    expect(ran).toMatchObject({ state: 'completed', end: 150 });
  });

  it('A1: of several gates, those pass whose time the job was to wake at, the later ones wait on', () => {
    const stream = () =>
      forkJoin([of(1).pipe(delay(100), map(now), checkpoint()), of(2).pipe(delay(500), map(now), checkpoint())]);
    const ran = runJobOf(processor({ only: stream }), undefined, {
      play: ({ at, engine }, id) => at(10, () => void engine.promote('work', id)),
    });
    expect(ran).toMatchObject({ state: 'completed', result: [10, 500] });
  });

  it('A1: it is the gate that the job slept in that passes: the next one sleeps for as long as it says', () => {
    const ran = runJobOf(
      processor({
        first: () =>
          of('x').pipe(
            delay('3 days'),
            map(now),
            delay('1 day'),
            map((passed) => [passed, now()]),
          ),
        second: (_: StepJob, times: number[]) =>
          of(times).pipe(
            delay(1_000),
            map((all) => [...all, now()]),
          ),
      }),
      undefined,
      { play: ({ at, engine }, id) => at(100, () => void engine.promote('work', id)) },
    );
    expect(ran).toMatchObject({ state: 'completed', result: [100, 100 + day, 100 + day + 1_000] });
  });

  it('A1: a promotion does not let a gate pass that opens later, though the job can not park yet', () => {
    const ran = runJobOf(
      processor({
        first: () => of('x').pipe(delay('3 days')),
        second: () => forkJoin([of('y').pipe(delay('1 day'), map(now), checkpoint()), timer(50).pipe(checkpoint())]),
      }),
      undefined,
      { play: ({ at, engine }, id) => at(100, () => void engine.promote('work', id)) },
    );
    expect(ran).toMatchObject({ state: 'completed', result: [100 + day, 0] });
  });

  it('A1: a promotion counts also when the worker that takes the job has other code and puts it back (S10)', () => {
    let isOther = false;
    const stream = () => (isOther ? of('y').pipe(checkpoint()) : of('x').pipe(delay('3 days'), map(now)));
    const ran = runJobOf(processor({ only: stream }), undefined, {
      play({ at, engine }, id) {
        at(100, () => {
          isOther = true;
          void engine.promote('work', id);
        });
        at(200, () => (isOther = false));
      },
    });
    expect(ran).toMatchObject({ state: 'completed', result: 1_100, activations: 3 });
    expect(ran.warnings).toEqual([expect.stringContaining('put back')]);
  });
});

describe('A2: retry', () => {
  it('A2: a completed job begins a new run: from the first step, nothing saved, with new idempotency keys', () => {
    const above = counted(() => of('a'));
    const seen: unknown[] = [];
    const ran = runJobOf(
      processor({
        first(job) {
          seen.push([job.visit, job.saved, { ...job.outputs }, job.idempotencyKey]);
          return above.pipe(checkpoint());
        },
        second: () => of('b').pipe(delay(10)),
      }),
      undefined,
      { play: ({ at, engine }, id) => at(100, () => void engine.retry('work', id)) },
    );
    expect(ran).toMatchObject({ state: 'completed', result: 'b', end: 110 });
    expect(above.runs).toBe(2);
    const key = expect.any(String);
    expect(seen).toEqual([
      [1, undefined, {}, key],
      [1, undefined, {}, key],
    ]);
    expect(new Set(seen.map((each) => (each as unknown[])[3])).size).toBe(2);
  });

  it('A2: the children of a new run are new, too, and those of the run before are none of its own', () => {
    const kid = (data: number) => ({ queue: 'kids', name: 'k', data });
    let calls = 0;
    const ran = runJobOf(processor({ only: () => of(++calls).pipe(addChildren(kid), awaitChildren()) }), undefined, {
      play: ({ at, engine }, id) => at(100, () => void engine.retry('work', id)),
    });
    // the step is called twice in each run: before and after it has waited
    expect(ran).toMatchObject({ state: 'completed', result: [6], end: 110 });
  });

  it('A2: a child that failed in an earlier run does not fail the new one', () => {
    let runs = 0;
    const ran = runJobOf(
      processor({
        first: () => of(++runs),
        second: (_, run: number) => {
          const failing = of(-1).pipe(addChildren((data) => ({ queue: 'kids', name: 'k', data })));
          return run === 1 ? failing.pipe(awaitChildren(undefined, { settled: true })) : of('without children');
        },
      }),
      undefined,
      { play: ({ at, engine }, id) => at(100, () => void engine.retry('work', id)) },
    );
    expect(ran).toMatchObject({ state: 'completed', result: 'without children', end: 100 });
  });

  it('A2: a failed job continues at its checkpoint: finished steps and what stands above passed gates are done', () => {
    const first = counted(() => of('first'));
    const above = counted(() => of('above'));
    const keys = new Set<string>();
    let broken = true;
    const ran = runJobOf(
      processor({
        first: () => first,
        second(job, input: string) {
          keys.add(job.idempotencyKey);
          return above.pipe(
            checkpoint(),
            map((value) => {
              if (broken) throw new Error('broken');
              return `${input}, ${value}`;
            }),
          );
        },
      }),
      undefined,
      {
        play({ at, engine }, id) {
          at(100, () => {
            broken = false;
            void engine.retry('work', id);
          });
        },
      },
    );
    expect(ran).toMatchObject({ state: 'completed', result: 'first, above', end: 100 });
    expect([first.runs, above.runs, keys.size]).toEqual([1, 1, 1]);
  });

  it('A2: a job that failed while others waited for it is waited for again, and its parent goes on when it is retried', () => {
    let broken = true;
    const child = processor(
      {
        only: (job: StepJob<number>) =>
          defer(() => (broken ? throwError(() => new Error('broken')) : of(job.data * 2))),
      },
      { queue: 'children' },
    );
    const parent = processor({
      only: () => of(4).pipe(awaitChildren((data) => ({ queue: 'children', name: 'c', data }))),
    });
    const states: unknown[] = [];
    virtually([parent, child], (run) => {
      const id = run.add();
      run.startWorkers();
      run.at(100, () => {
        states.push(run.get(id).failedCode);
        broken = false;
        const [failed] = run.engine.list('children', 'failed') as readonly JobRecord[];
        void run.engine.retry('children', failed!.id);
        void run.engine.retry('work', id);
      });
      run.at(200, () => states.push(run.get(id).returnvalue));
    });
    expect(states).toEqual(['CHILD_FAILED', '[8]']);
  });
});

describe('A3: what is counted', () => {
  /** Fails as long as it runs; notes each try. */
  const alwaysFails =
    (tries: unknown[], error = (): Error => new Error('always')) =>
    (job: StepJob) =>
      defer(() => {
        tries.push(`${job.step} ${job.attemptsMade}`);
        return throwError(error);
      });

  it("A3: a visit's attempts don't count those of the steps before it", () => {
    const tries: unknown[] = [];
    const failsOnce = (job: StepJob) =>
      defer(() => {
        tries.push(`${job.step} ${job.attemptsMade}`);
        return job.attemptsMade === 0 ? throwError(() => new Error('once')) : of('through');
      });
    const ran = runJobOf(
      processor({ first: [{ attempts: 2 }, failsOnce], second: [{ attempts: 2 }, alwaysFails(tries)] }),
    );
    expect(ran.state).toBe('failed');
    expect(tries).toEqual(['first 0', 'first 1', 'second 0', 'second 1']);
  });

  it.each([
    ['used up', (): Error => new Error('always'), 2],
    ['not used up, as the error was unrecoverable', (): Error => new UnrecoverableError('always'), 1],
  ])('A3: a retry by hand begins the attempts anew, when they were %s', (_, error, each) => {
    const tries: unknown[] = [];
    runJobOf(processor({ only: [{ attempts: 2 }, alwaysFails(tries, error)] }), undefined, {
      play: ({ at, engine }, id) => at(100, () => void engine.retry('work', id)),
    });
    const once = ['only 0', 'only 1'].slice(0, each);
    expect(tries).toEqual([...once, ...once]);
  });

  it.each([
    ['used up', (): Error => new Error('always'), 3],
    ['not used up, as the error was unrecoverable', (): Error => new UnrecoverableError('first'), 1],
  ])("A3: a retry that sets BullMQ's counter back begins the attempts anew, when they were %s", (_, error, made) => {
    const tries: unknown[] = [];
    let base = 0;
    const failure = (): Error => (base === 0 ? error() : new Error('always'));
    const counter = (engine: Engine): Engine =>
      replacing(engine, 'claim', (...args) =>
        (engine.claim(...args) as readonly Claimed[]).map(({ job, lease }) => ({
          job: { ...job, attemptsMade: job.attemptsMade - base },
          lease,
        })),
      );
    virtually(
      [processor({ only: [{ attempts: 3 }, alwaysFails(tries, failure)] })],
      (run) => {
        const id = run.add();
        run.startWorkers();
        run.at(100, () => {
          base = run.get(id).attemptsMade;
          void run.engine.retry(run.queue, id);
        });
      },
      { wrap: counter },
    );
    expect(tries).toEqual([...['only 0', 'only 1', 'only 2'].slice(0, made), 'only 0', 'only 1', 'only 2']);
  });

  it.each([
    ['a cancellation', ({ engine, queue }: VirtualRun, id: string) => void engine.cancel(queue, id, 'enough')],
    [
      'deaths of its workers',
      ({ engine, queue }: VirtualRun) => {
        for (let deaths = 0; deaths < 2; deaths++) {
          void engine.claim(queue, { limit: 1, lockDuration: 0 });
          void engine.recoverStalled(queue, 1);
        }
      },
    ],
  ])('A3: a retry by hand begins the attempts anew, when some were used before %s', (_, end) => {
    const tries: unknown[] = [];
    const states: unknown[] = [];
    virtually([processor({ only: [{ attempts: 2, backoff: 50 }, alwaysFails(tries)] })], (run) => {
      const id = run.add();
      const workers = run.startWorkers();
      run.at(20, () => workers.forEach((worker) => void worker.close()));
      run.at(60, () => end(run, id));
      run.at(70, () => {
        states.push(run.get(id).state);
        void run.engine.retry(run.queue, id);
        run.startWorkers();
      });
    });
    expect(states).toEqual(['failed']);
    expect(tries).toEqual(['only 0', 'only 0', 'only 1']);
  });

  it('A3: deaths of workers are counted since the last checkpoint write, and anew after a retry by hand', () => {
    const seen: unknown[] = [];
    virtually([processor({ only: () => of('done') })], ({ engine, queue, add, get, startWorkers }) => {
      const id = add();
      const die = (): void => {
        void engine.claim(queue, { limit: 1, lockDuration: 0 });
        void engine.recoverStalled(queue, 1);
        seen.push(get(id).state);
      };
      die();
      die();
      void engine.retry(queue, id);
      die();
      startWorkers();
      virtualClock.after(1, () => seen.push(get(id).state));
    });
    expect(seen).toEqual(['waiting', 'failed', 'waiting', 'completed']);
  });
});

describe('A4: updateData', () => {
  it('A4: the data change with the next activation, not in the steps of this one', () => {
    const { entries, note } = diary();
    const ran = runJobOf(
      processor({
        first: (job) => timer(10).pipe(tap(() => note(job.data))),
        second: (job) =>
          defer(() => of(note(job.data))).pipe(
            delay(100),
            tap(() => note(job.data)),
          ),
        third: (job) => defer(() => of(note(job.data))),
      }),
      'old',
      { play: ({ at, engine }, id) => at(5, () => void engine.updateData('work', id, '"new"')) },
    );
    expect(ran.state).toBe('completed');
    expect(entries).toEqual([
      [10, 'old'],
      [10, 'old'],
      [110, 'new'],
      [110, 'new'],
    ]);
  });

  it('A4: the checkpoint stays: what gates and outputs hold was made of the old data', () => {
    const ran = runJobOf(
      processor({
        first: (job) => of(`first of ${job.data}`),
        second: (job, input: string) =>
          of(`second of ${job.data}`).pipe(
            delay(100),
            map((value) => [job.data, input, value, { ...job.outputs }]),
          ),
      }),
      'old',
      { play: ({ at, engine }, id) => at(50, () => void engine.updateData('work', id, '"new"')) },
    );
    expect(ran.result).toEqual(['new', 'first of old', 'second of old', { first: 'first of old' }]);
  });

  it.each([
    [undefined, 'absent'],
    ['5', 5],
  ])('A4: a job that has not begun runs with the new data, which may be absent: %p', (data, expected) => {
    const seen: unknown[] = [];
    const stream = (job: StepJob) => of(seen.push(job.data === undefined ? 'absent' : job.data));
    virtually([processor({ only: stream })], ({ engine, queue, add, startWorkers }) => {
      void engine.updateData(queue, add('old'), data);
      startWorkers();
    });
    expect(seen).toEqual([expected]);
  });
});

describe('W5: cancel', () => {
  it('W5: a job that sleeps in a gate fails with JobCancelledError and the reason, and is never woken', () => {
    const effects = counted(() => of('effect'));
    const ran = runJobOf(
      processor({
        only: () =>
          of('x').pipe(
            delay(100),
            concatMap(() => effects),
          ),
      }),
      undefined,
      {
        play: ({ at, engine }, id) => at(50, () => void engine.cancel('work', id, 'not wanted any more')),
      },
    );
    expect(ran).toMatchObject({ state: 'failed', code: 'JOB_CANCELLED', reason: 'not wanted any more', end: 50 });
    expect([ran.activations, effects.runs]).toEqual([1, 0]);
  });

  it('W5: a running job is unsubscribed with its next write, its signal aborted; nothing more is written', () => {
    const { entries, note } = diary();
    const ran = runJobOf(
      processor({
        only(job) {
          job.signal.addEventListener('abort', () => note('aborted'));
          return timer(0, 20).pipe(tap({ next: (n) => note(n), unsubscribe: () => note('unsubscribed') }));
        },
      }),
      undefined,
      { play: ({ at, engine }, id) => at(50, () => void engine.cancel('work', id, 'enough')) },
    );
    expect(ran).toMatchObject({ state: 'failed', code: 'JOB_CANCELLED', reason: 'enough', end: 50, result: undefined });
    expect(entries.slice(3)).toEqual([
      [60, 3],
      [60, 'unsubscribed'],
      [60, 'aborted'],
    ]);
    expect(ran.events.at(-1)).toBe('failed');
  });

  it('W5: a running job that writes nothing is unsubscribed with the next renewal of its lease', () => {
    const { entries, note } = diary();
    const ran = runJobOf(
      processor({
        only(job) {
          job.signal.addEventListener('abort', () => note('aborted'));
          return NEVER.pipe(tap({ unsubscribe: () => note('unsubscribed') }));
        },
      }),
      undefined,
      { play: ({ at, engine }, id) => at(50, () => void engine.cancel('work', id, 'enough')) },
    );
    expect(ran).toMatchObject({ state: 'failed', code: 'JOB_CANCELLED', end: 50 });
    expect(entries).toEqual([
      [3_000, 'unsubscribed'],
      [3_000, 'aborted'],
    ]);
  });

  it('W5: a cancelled job frees its slot: the next one runs', () => {
    const { entries, note } = diary();
    virtually(
      [processor({ only: (job) => (job.data === 'stuck' ? NEVER : defer(() => of(note(job.data)))) })],
      (run) => {
        const stuck = run.add('stuck');
        run.add('next');
        run.startWorkers();
        run.at(50, () => void run.engine.cancel(run.queue, stuck, 'stuck'));
      },
    );
    expect(entries).toEqual([[3_000, 'next']]);
  });

  it('W5: against completion the first write wins: a job that has completed is not cancelled', () => {
    const answers: unknown[] = [];
    const ran = runJobOf(processor({ only: () => timer(50).pipe(map(() => 'done')) }), undefined, {
      play: ({ at, engine }, id) => at(51, () => answers.push(engine.cancel('work', id, 'too late'))),
    });
    expect(ran).toMatchObject({ state: 'completed', result: 'done', reason: undefined });
    expect(answers).toEqual([false]);
  });

  it('W5: against completion the first write wins: a job that is cancelled in its last step does not complete', () => {
    const ran = runJobOf(processor({ only: () => timer(50).pipe(map(() => 'done')) }), undefined, {
      play: ({ at, engine }, id) => at(49, () => void engine.cancel('work', id, 'in time')),
    });
    expect(ran).toMatchObject({ state: 'failed', result: undefined, reason: 'in time' });
    expect(ran.events).not.toContain('completed');
  });

  it('W5: the children of a cancelled job are cancelled, those that wait, sleep and run; finished ones stay', () => {
    const { entries, note } = diary();
    const child = processor(
      {
        only(job) {
          if (job.data === 'done') return of(1);
          const stream = job.data === 'sleeps' ? of(1).pipe(delay('1 day')) : NEVER;
          return stream.pipe(tap({ finalize: () => job.data === 'runs' && note('unsubscribed') }));
        },
      },
      { queue: 'children' },
    );
    const parent = processor({
      only: () =>
        of('done', 'sleeps', 'runs', 'waits').pipe(awaitChildren((data) => ({ queue: 'children', name: 'c', data }))),
    });
    const ends: unknown[] = [];
    virtually([parent, child], (run) => {
      const id = run.add();
      run.startWorkers();
      run.at(50, () => void run.engine.cancel(run.queue, id, 'off'));
      run.at(51, () => {
        const children = run.engine.list('children', 'failed') as readonly JobRecord[];
        ends.push(run.get(id).failedCode, children.map(({ data, failedCode }) => `${data} ${failedCode}`).sort());
        ends.push(run.engine.counts('children'));
      });
    });
    expect(ends).toEqual([
      'JOB_CANCELLED',
      ['"runs" JOB_CANCELLED', '"sleeps" JOB_CANCELLED', '"waits" JOB_CANCELLED'],
      expect.objectContaining({ completed: 1, failed: 3, active: 0, waiting: 0, delayed: 0 }),
    ]);
    expect(entries).toEqual([[3_000, 'unsubscribed']]);
  });

  it("W5: a cancelled child fails its parent with the child's reason (C4)", () => {
    const ran = runJobOf(
      processor({ only: () => of(1).pipe(awaitChildren((data) => ({ queue: 'kids', name: 'k', data }))) }),
      undefined,
      {
        play({ at, engine }) {
          at(5, () => {
            const [kid] = engine.list('kids', 'active') as readonly JobRecord[];
            void engine.cancel('kids', kid!.id, 'this one only');
          });
        },
      },
    );
    expect(ran).toMatchObject({ state: 'failed', code: 'CHILD_FAILED', end: 5 });
    expect(ran.reason).toContain('this one only');
  });

  it('W5: a cancelled job that is retried goes on at its checkpoint (A2)', () => {
    const above = counted(() => of('x'));
    const ran = runJobOf(processor({ only: () => above.pipe(delay(100)) }), undefined, {
      play({ at, engine }, id) {
        at(50, () => void engine.cancel('work', id, 'by mistake'));
        at(60, () => void engine.retry('work', id));
      },
    });
    expect(ran).toMatchObject({ state: 'completed', result: 'x', end: 100 });
    expect(above.runs).toBe(1);
  });
});

/** The engine with one method replaced. */
function replacing<M extends keyof Engine>(engine: Engine, method: M, by: Engine[M]): Engine {
  return new Proxy(engine, {
    get: (target, key): unknown => (key === method ? by : Reflect.get(target, key)),
  });
}
