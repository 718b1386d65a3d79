import {
  EMPTY,
  NEVER,
  Observable,
  catchError,
  concat,
  concatMap,
  defer,
  finalize,
  forkJoin,
  interval,
  lastValueFrom,
  map,
  merge,
  of,
  race,
  repeat,
  retry,
  switchMap,
  takeUntil,
  tap,
  throwError,
  timer,
  toArray,
} from 'rxjs';
import { Processor, Step, awaitChildren, checkpoint, createApp, delay, goto, type StepJob } from 'stepstream';
import { counted, runJobOf, runStep } from '../support/run-step.js';
import { processor } from '../support/processor.js';
import { virtually, virtualClock } from '../support/virtual.js';

/** Shapes of streams that must hold, whatever they are made of. */
describe('several gates in one pipe', () => {
  it('G1: each source above a gate runs once, however often the job parks below', () => {
    const runs: string[] = [];
    const note = (label: string) => tap(() => runs.push(label));
    const ran = runStep(() =>
      of('x').pipe(
        note('a'),
        delay(10),
        note('b'),
        checkpoint(),
        note('c'),
        awaitChildren(() => ({ queue: 'kids', name: 'k', data: 1 })),
        note('d'),
        delay(10),
      ),
    );
    expect(ran).toMatchObject({ state: 'completed', result: [2] });
    expect(runs).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('gated branches', () => {
  it('G4: merge of gated branches passes each at its time', () => {
    const ran = runStep(() =>
      merge(...[30, 10, 20].map((ms) => of(ms).pipe(delay(ms)))).pipe(
        map((ms) => `${ms}@${virtualClock.now()}`),
        toArray(),
      ),
    );
    expect(ran.end).toBe(30);
    // the ones that have passed pass again at the end, in the order of subscription
    expect(ran.result).toEqual(['30@30', '10@30', '20@30']);
  });

  it('G4: concat of gated branches takes their times one after another', () => {
    const sources = [counted(() => of(1)), counted(() => of(2))];
    const ran = runStep(() => concat(...sources.map((source) => source.pipe(delay(50)))).pipe(toArray()));
    expect(ran).toMatchObject({ result: [1, 2], end: 100 });
    expect(sources.map(({ runs }) => runs)).toEqual([1, 1]);
  });

  it('G9: what a race decided is saved by a checkpoint before it is acted on', () => {
    const acted: string[] = [];
    let fail = true;
    const ran = runStep(
      () =>
        race(timer(20).pipe(map(() => 'clock')), defer(() => (fail ? timer(10) : NEVER)).pipe(map(() => 'event'))).pipe(
          checkpoint(),
          tap((winner) => acted.push(winner)),
          map((winner) => {
            if (!fail) return winner;
            fail = false;
            throw new Error('once');
          }),
        ),
      { attempts: 2 },
    );
    expect(ran).toMatchObject({ state: 'completed', result: 'event' });
    expect(acted).toEqual(['event', 'event']);
  });

  it('G4: defer, switchMap and takeUntil over gated branches end as they would without gates', () => {
    const deferred = runStep(() => {
      const gated$ = of('d').pipe(delay(5));
      return defer(() => gated$);
    });
    expect(deferred).toMatchObject({ result: 'd', end: 5 });
    const switched = runStep(() => {
      const gated$ = of('s').pipe(delay(100));
      return merge(of(0), timer(10)).pipe(switchMap(() => gated$));
    });
    expect(switched).toMatchObject({ state: 'completed', result: 's' });
    const until = runStep(() => of('late').pipe(delay('1 day'), takeUntil(timer(10).pipe(checkpoint()))));
    expect(until).toMatchObject({ state: 'completed', result: undefined, end: 10 });
  });

  it('G3: retry and catchError between gates do not notice that the job parks', () => {
    let failures = 0;
    const heard: unknown[] = [];
    const ran = runStep(() =>
      of('x').pipe(
        delay(10),
        catchError((error) => (heard.push(error), of('never'))),
        concatMap((value) => (failures++ < 2 ? throwError(() => new Error('below')) : of(value))),
        retry(3),
        delay(10),
      ),
    );
    expect(ran).toMatchObject({ state: 'completed', result: 'x', end: 20 });
    expect(heard).toEqual([]);
  });

  it('G6: repeat above a gate repeats its source; what it collects is one record', () => {
    const source = counted(() => of('r'));
    const ran = runStep(() => source.pipe(repeat(3), checkpoint(), toArray()));
    expect(ran.result).toEqual(['r', 'r', 'r']);
    expect(source.runs).toBe(3);
  });
});

describe('sources', () => {
  it('S2: a source that emits nothing has undefined as its output', () => {
    expect(runStep(() => EMPTY)).toMatchObject({ state: 'completed', result: undefined });
    expect(runStep(() => EMPTY.pipe(checkpoint()))).toMatchObject({ state: 'completed', result: undefined });
  });

  it('S9: a source that goes on for ever is stopped by its timeout, which counts as an error', () => {
    let torn = 0;
    @Processor('forever')
    class Forever {
      @Step({ attempts: 2, timeout: '1 s' })
      tick(): Observable<number> {
        return interval(100).pipe(finalize(() => torn++));
      }
    }
    const ran = runJobOf(Forever);
    expect(ran).toMatchObject({ state: 'failed', code: 'STEP_TIMEOUT', activations: 2, end: 2_000 });
    expect(torn).toBe(2);
  });

  it('W5: a source that goes on for ever is stopped when the job is cancelled', () => {
    let torn = 0;
    let aborted: boolean | undefined;
    const ran = (() => {
      let signal: AbortSignal | undefined;
      @Processor('cancelled')
      class Cancelled {
        @Step()
        tick(job: StepJob): Observable<number> {
          ({ signal } = job);
          return interval(100).pipe(finalize(() => torn++));
        }
      }
      const result = runJobOf(Cancelled, undefined, {
        play: (run, id) => run.at(250, () => void run.engine.cancel('cancelled', id, 'not wanted any more')),
      });
      aborted = signal?.aborted;
      return result;
    })();
    expect(ran).toMatchObject({ state: 'failed', code: 'JOB_CANCELLED', reason: 'not wanted any more', end: 250 });
    expect({ torn, aborted }).toEqual({ torn: 1, aborted: true });
  });

  it('S3: a synchronous source with many values is one write', () => {
    const ran = runStep(
      () => new Observable<number>((to) => (Array.from({ length: 500 }, (_, n) => to.next(n)), to.complete())),
    );
    expect(ran).toMatchObject({ result: 499 });
    expect(ran.events.filter((type) => type === 'progress')).toHaveLength(1);
  });
});

describe('what goes wrong', () => {
  it('S9: a step method that throws is an error like any other', () => {
    let calls = 0;
    const ran = runStep(
      () => {
        if (++calls === 1) throw new Error('in the method');
        return of('second');
      },
      { attempts: 2 },
    );
    expect(ran).toMatchObject({ state: 'completed', result: 'second' });
  });

  it('G3: a teardown that throws when the job parks is told in a warning, and harms nothing', () => {
    let leaks = 1;
    const leaky = new Observable<string>((to) => {
      to.next('x');
      return () => {
        if (leaks-- > 0) throw new Error('leak');
      };
    });
    const ran = runStep(() => forkJoin([of(1).pipe(delay(10)), merge(leaky.pipe(takeUntil(timer(20))), of('y'))]));
    expect(ran.state).toBe('completed');
    expect(ran.warnings[0]).toContain('leak');
  });

  it('R13, W1: a step that does not return to the event loop for longer than its lease writes nothing any more', async () => {
    @Processor('blocking', { lockDuration: 100, stalledInterval: 20, maxStalledCount: 3 })
    class Blocking {
      calls = 0;
      @Step()
      block(): Observable<string> {
        if (++this.calls === 1) {
          const end = performance.now() + 1_000;
          while (performance.now() < end);
        }
        return of(`call ${this.calls}`);
      }
    }
    const errors: unknown[] = [];
    const logger = { warn: (): void => {}, error: (message: string): void => void errors.push(message) };
    const app = createApp({ processors: [Blocking], logger });
    await app.start();
    const job = await app.queue(Blocking).add('job', undefined);
    await expect(job.result()).resolves.toBe('call 2');
    expect((await app.engine.get('blocking', job.id))?.stalledCounter).toBe(1);
    await app.close();
  });

  it('W6: a loop of steps that never ends can be closed, and its job goes back to the queue', async () => {
    @Processor('endless')
    class Endless {
      @Step()
      turn(_job: StepJob, n: number | undefined): Observable<number> {
        return of((n ?? 0) + 1).pipe(goto('turn'));
      }
    }
    const app = createApp({ processors: [Endless], connection: undefined, logger: { warn() {}, error() {} } });
    await app.start();
    const job = await app.queue(Endless).add('job', undefined);
    await new Promise(setImmediate);
    await app.close({ grace: '1 minute' });
    expect((await app.engine.get('endless', job.id))?.state).toBe('waiting');
  });

  it('S10: an async step whose gates are other ones is put back; that its promise is rejected harms nobody', async () => {
    let isNew = false;
    @Processor('deployed')
    class Deployed {
      @Step()
      async step(): Promise<unknown> {
        if (!isNew) return lastValueFrom(of(1).pipe(checkpoint(), delay(1)));
        await Promise.resolve();
        throw new Error('boom');
      }
      @Step()
      stream(): Observable<number> {
        return isNew ? of(1) : of(1).pipe(delay(1));
      }
    }
    const warnings: string[] = [];
    const rejected: unknown[] = [];
    const note = (reason: unknown): void => void rejected.push(reason);
    process.on('unhandledRejection', note);
    const app = createApp({
      processors: [Deployed],
      logger: { warn: (message) => void warnings.push(message), error() {} },
    });
    const delayed = new Promise<void>((parked) => {
      app.engine.events('deployed', ({ type }) => {
        if (type === 'delayed' && !isNew) isNew = true;
        else if (type === 'delayed') parked();
      });
    });
    await app.start();
    await app.queue(Deployed).add('job', undefined);
    await delayed;
    await new Promise(setImmediate);
    await app.close();
    process.off('unhandledRejection', note);
    expect(warnings).toEqual([expect.stringContaining('put back')]);
    expect(rejected).toEqual([]);
  });

  it('S2: a promise of an Observable is refused, with the way out', async () => {
    const app = createApp({ processors: [processor({ only: async () => of(1) })] });
    await app.start();
    const job = await app.queue('work').add('job', null);
    await expect(job.result()).rejects.toMatchObject({
      code: 'STEP_RETURN',
      message: expect.stringContaining('Return the'),
    });
    await app.close();
  });

  it('S10: a renamed step keeps its output under the new name', () => {
    @Processor('renamed')
    class Old {
      @Step()
      charge(): Observable<string> {
        return of('receipt');
      }
      @Step()
      wait(): Observable<string> {
        return of('waited').pipe(delay(100));
      }
    }
    @Processor('renamed')
    class New {
      @Step({ was: ['charge'] })
      pay(): Observable<string> {
        return of('receipt');
      }
      @Step()
      wait(job: StepJob, input: string): Observable<unknown> {
        return of('waited').pipe(
          delay(100),
          map((waited) => ({ waited, input, outputs: { ...job.outputs } })),
        );
      }
    }
    let result: unknown;
    virtually([Old], (run) => {
      const id = run.add();
      const [old] = run.startWorkers();
      run.at(50, () => {
        void old!.close();
        run.startWorkers(run.engine, [New]);
      });
      run.at(500, () => (result = JSON.parse(run.get(id).returnvalue!)));
    });
    expect(result).toEqual({ waited: 'waited', input: 'receipt', outputs: { pay: 'receipt' } });
  });
});
