import {
  EMPTY,
  NEVER,
  catchError,
  concat,
  concatMap,
  defer,
  forkJoin,
  from,
  ignoreElements,
  lastValueFrom,
  map,
  merge,
  mergeMap,
  of,
  race,
  range,
  repeat,
  retry,
  share,
  switchMap,
  tap,
  throwError,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import { Processor, Step, addChildren, awaitChildren, checkpoint, createApp, delay, type StepJob } from 'stepstream';
import { counted, runStep } from '../support/run-step.js';
import { virtually, virtualClock } from '../support/virtual.js';

describe('G1: answer before demand', () => {
  it('G1: a source above checkpoint() with retry(5) below and three failures runs once', () => {
    const charge = counted(() => of('receipt'));
    let failures = 0;
    const ran = runStep(() =>
      charge.pipe(
        checkpoint(),
        concatMap((receipt) => (failures < 3 ? throwError(() => new Error(`failure ${++failures}`)) : of(receipt))),
        retry(5),
      ),
    );
    expect(ran).toMatchObject({ state: 'completed', result: 'receipt' });
    expect({ runs: charge.runs, failures }).toEqual({ runs: 1, failures: 3 });
  });

  it('G1: after a failed attempt, the next activation does not run what stands above a passed gate', () => {
    const charge = counted(() => of('receipt'));
    let attempts = 0;
    const ran = runStep(
      () =>
        charge.pipe(
          checkpoint(),
          map((receipt) => {
            if (++attempts < 3) throw new Error('below');
            return receipt;
          }),
        ),
      { attempts: 3 },
    );
    expect(ran).toMatchObject({ state: 'completed', result: 'receipt', activations: 3 });
    expect(charge.runs).toBe(1);
  });

  it('G1: a second subscriber of a passed gate gets the saved values, not another run', () => {
    const source = counted(() => of(1, 2));
    const ran = runStep(() => {
      const gated$ = source.pipe(checkpoint());
      return concat(gated$, gated$).pipe(toArray());
    });
    expect(ran.result).toEqual([1, 2, 1, 2]);
    expect(source.runs).toBe(1);
  });
});

describe('G2: collect, save, wait', () => {
  it('G2: checkpoint() passes all values on after its source has completed', () => {
    const seen: unknown[] = [];
    const ran = runStep(() =>
      merge(timer(5).pipe(map(() => 'late')), of('early')).pipe(
        tap((value) => seen.push(value)),
        checkpoint(),
        tap((value) => seen.push(`passed ${value}`)),
        toArray(),
      ),
    );
    expect(seen).toEqual(['early', 'late', 'passed early', 'passed late']);
    expect(ran.result).toEqual(['early', 'late']);
  });

  it('G2: an empty source does not sleep', () => {
    expect(runStep(() => EMPTY.pipe(delay('3 days')))).toMatchObject({ state: 'completed', end: 0, activations: 1 });
  });

  it('G2: delay(d) counts from the completion of its source', () => {
    const source = counted(() => timer(50).pipe(map(() => 'x')));
    expect(runStep(() => source.pipe(delay(100)))).toMatchObject({ result: 'x', end: 150, activations: 2 });
    expect(source.runs).toBe(1);
  });

  it('G2: awaitChildren(f) passes on one array of results in order, and [] at once for none', () => {
    const many = runStep(() => from([3, 1, 2]).pipe(awaitChildren((n) => [{ queue: 'kids', name: 'k', data: n }])));
    expect(many).toMatchObject({ result: [6, 2, 4], activations: 2 });
    const none = runStep(() => EMPTY.pipe(awaitChildren(() => ({ queue: 'kids', name: 'k' }))));
    expect(none).toMatchObject({ result: [], activations: 1 });
  });

  it('S5: undefined passes a gate as undefined, a Date as its text, on the first run too', () => {
    const ran = runStep(() =>
      from([undefined, new Date(0)]).pipe(
        checkpoint(),
        map((value) => [value === undefined, value]),
        map((pair) => pair.filter((each) => each !== undefined)),
        toArray(),
      ),
    );
    expect(ran.result).toEqual([[true], [false, '1970-01-01T00:00:00.000Z']]);
  });

  it('G2: a value that is changed after its emission passes as it was emitted', () => {
    const ran = runStep(() => {
      const counter = { n: 0 };
      return range(0, 3).pipe(
        map(() => (counter.n++, counter)),
        checkpoint(),
        map(({ n }) => n),
        toArray(),
      );
    });
    expect(ran.result).toEqual([1, 2, 3]);
  });

  it('G2: an endless synchronous source is stopped at 1 MiB, with an error that names the gate', () => {
    const ran = runStep(() =>
      range(0, Infinity).pipe(
        map(() => 'x'.repeat(1_000)),
        checkpoint(),
      ),
    );
    expect(ran).toMatchObject({ state: 'failed', code: 'PAYLOAD_TOO_LARGE' });
    expect(ran.reason).toContain('checkpoint() at place 0 of step only');
  });
});

describe('G3: parking', () => {
  it('G3: suspension is silence: no error, no completion and no value comes down, and teardown runs', () => {
    const heard: string[] = [];
    let torn = 0;
    const ran = runStep(() =>
      concat(
        of('a').pipe(
          delay(100),
          catchError((error) => (heard.push(`error ${error}`), of('caught'))),
          tap({ complete: () => heard.push('complete'), finalize: () => torn++ }),
        ),
        of('b'),
      ).pipe(retry(3), toArray()),
    );
    expect(ran).toMatchObject({ result: ['a', 'b'], activations: 2, end: 100 });
    expect(heard).toEqual(['complete']);
    expect(torn).toBe(2);
  });

  it('G3: a gate saves and parks in one write, with everything that is unsaved', () => {
    const writes: string[] = [];
    @Processor('one')
    class One {
      @Step()
      only(): Observable<unknown> {
        return concat(of('emitted'), of('x').pipe(delay(10)));
      }
    }
    virtually(
      [One],
      (run) => {
        run.add();
        run.startWorkers();
      },
      {
        wrap: (engine) =>
          new Proxy(engine, {
            get: (target, key) => {
              const member = Reflect.get(target, key);
              if (typeof member !== 'function') return member;
              return (...args: any[]) => {
                const write = args[1] as { seq?: number; fields?: ReadonlyMap<string, unknown> } | undefined;
                if (write?.seq) writes.push(`${String(key)} ${[...(write.fields?.keys() ?? [])].toSorted().join()}`);
                return member.apply(target, args);
              };
            },
          }),
      },
    );
    expect(writes).toEqual(['moveToDelayed e,g:0', 'complete e,g:0,o:only']);
  });
});

describe('G4: when a job parks', () => {
  it('G4: forkJoin of two delay(400) branches, one with 120 ms of work, ends after 520 ms with each source run once', () => {
    const quick = counted(() => of('quick'));
    const slow = counted(() => timer(120).pipe(map(() => 'slow')));
    const ran = runStep(() => forkJoin([quick.pipe(delay('400ms')), slow.pipe(delay('400ms'))]));
    expect(ran).toMatchObject({ result: ['quick', 'slow'], end: 520 });
    expect([quick.runs, slow.runs]).toEqual([1, 1]);
  });

  it('G4: a gate that can not park yet is saved at once, so a crash then does not run its source again', () => {
    const quick = counted(() => of('quick'));
    let fail = true;
    const ran = runStep(
      () => {
        const failing = timer(50).pipe(
          map(() => {
            if (fail) throw new Error('once');
            return 'slow';
          }),
        );
        return forkJoin([quick.pipe(delay(400)), failing.pipe(checkpoint())]).pipe(
          tap({ error: () => (fail = false) }),
        );
      },
      { attempts: 2 },
    );
    expect(ran).toMatchObject({ state: 'completed', result: ['quick', 'slow'], end: 400 });
    expect(quick.runs).toBe(1);
  });

  it('G4: concat(timer(20), x$.pipe(delay(10))).pipe(checkpoint()) ends', () => {
    const x = counted(() => of('x'));
    const ran = runStep(() => concat(timer(20), x.pipe(delay(10))).pipe(toArray(), checkpoint()));
    expect(ran).toMatchObject({ state: 'completed', result: [0, 'x'] });
    expect(x.runs).toBe(1);
  });

  it('G4: forkJoin([x$, x$]) over one gated x$ runs it once', () => {
    const x = counted(() => of('x'));
    const ran = runStep(() => {
      const x$ = x.pipe(delay(10));
      return forkJoin([x$, x$]);
    });
    expect(ran).toMatchObject({ result: ['x', 'x'], activations: 2 });
    expect(x.runs).toBe(1);
  });

  it('G4: a gate whose time comes while a sibling works passes in place', () => {
    const ran = runStep(() =>
      forkJoin([
        of(1).pipe(
          delay(100),
          map(() => virtualClock.now()),
        ),
        timer(300).pipe(
          map(() => 's'),
          checkpoint(),
        ),
      ]),
    );
    expect(ran).toMatchObject({ result: [100, 's'], activations: 1, end: 300 });
  });

  it('G4: work that stands in no gate does not hold the job; ended with checkpoint() it does', () => {
    const free = counted(() => timer(100).pipe(map(() => 'free')));
    const ran = runStep(() => forkJoin([of(1).pipe(delay(150)), free]));
    expect(ran).toMatchObject({ result: [1, 'free'], activations: 2, end: 250 });
    expect(free.runs).toBe(2);
    const held = counted(() => timer(100).pipe(map(() => 'held')));
    const kept = runStep(() => forkJoin([of(1).pipe(delay(150)), held.pipe(checkpoint())]));
    expect(kept).toMatchObject({ result: [1, 'held'], end: 150 });
    expect(held.runs).toBe(1);
  });

  it('G4: a gate that has waited parkAfter parks the job whatever its siblings do, with a warning that names them', () => {
    let block = true;
    const ran = runStep(
      () =>
        forkJoin([
          of(1).pipe(delay(1_000)),
          defer(() => (block ? NEVER : of('free at last'))).pipe(checkpoint({ key: 'sibling' })),
        ]).pipe(tap({ finalize: () => (block = false) })),
      { parkAfter: 300 },
    );
    expect(ran).toMatchObject({ state: 'completed', result: [1, 'free at last'], end: 1_000 });
    expect(ran.events.filter((type) => type === 'delayed')).toHaveLength(1);
    expect(ran.warnings).toEqual([expect.stringContaining('checkpoint() "sibling" of step only')]);
  });

  it('G4: a job that waits for a time and for children wakes at whichever comes first', () => {
    const ran = runStep(() =>
      forkJoin([
        of('t').pipe(
          delay(5),
          map(() => virtualClock.now()),
          checkpoint(),
        ),
        of(7).pipe(
          awaitChildren((n) => ({ queue: 'kids', name: 'k', data: n })),
          map((results) => [...results, virtualClock.now()]),
        ),
      ]),
    );
    expect(ran.result).toEqual([5, [14, 10]]);
    expect(ran.activations).toBe(3);
    const later = runStep(() =>
      forkJoin([
        of('t').pipe(
          delay(500),
          map(() => virtualClock.now()),
        ),
        of(7).pipe(
          awaitChildren((n) => ({ queue: 'kids', name: 'k', data: n })),
          map(() => virtualClock.now()),
          checkpoint(),
        ),
      ]),
    );
    expect(later.result).toEqual([500, 10]);
  });

  it('G4: gates that open one after another park the job once each', () => {
    const work = counted(() => of('w'));
    const ran = runStep(() => work.pipe(delay('1 day'), delay('2 days'), checkpoint(), delay('3 days')));
    expect(ran).toMatchObject({ result: 'w', end: 6 * 86_400_000, activations: 4 });
    expect(work.runs).toBe(1);
  });
});

describe('G5: identity', () => {
  it('G5: an operator applied in a callback is a GateOutsideStepError that tells the way out', () => {
    const ran = runStep(() => of(1).pipe(mergeMap((value) => of(value).pipe(checkpoint()))));
    expect(ran).toMatchObject({ state: 'failed', code: 'GATE_OUTSIDE_STEP' });
    expect(ran.reason).toMatch(/in the step method itself/);
  });

  it('G5: an async step method may apply gates before its first await only', async () => {
    @Processor('async')
    class Async {
      @Step()
      async only(job: StepJob<'before' | 'after'>): Promise<unknown> {
        const early$ = of('early').pipe(checkpoint());
        const first = await lastValueFrom(early$);
        return job.data === 'before' ? first : lastValueFrom(of('late').pipe(checkpoint()));
      }
    }
    const app = createApp({ processors: [Async] });
    await app.start();
    const queue = app.queue(Async);
    await expect((await queue.add('a', 'before')).result()).resolves.toBe('early');
    await expect((await queue.add('a', 'after')).result()).rejects.toMatchObject({ code: 'GATE_OUTSIDE_STEP' });
    await app.close();
  });

  it('G5: keyed gates take no place, so one can be added anywhere', () => {
    const first = counted(() => of('first'));
    let version = 1;
    const ran = runStep(
      () => {
        const added = version === 1 ? of(0) : of('new').pipe(checkpoint({ key: 'added' }));
        return concat(added, first.pipe(checkpoint())).pipe(
          toArray(),
          map((all) => {
            if (version++ === 1) throw new Error('deploy');
            return all;
          }),
        );
      },
      { attempts: 2 },
    );
    expect(ran.result).toEqual(['new', 'first']);
    expect(first.runs).toBe(1);
  });

  it('G5: two gates of one key are a DuplicateGateKeyError', () => {
    expect(runStep(() => of(1).pipe(checkpoint({ key: 'k' }), checkpoint({ key: 'k' }))).code).toBe(
      'DUPLICATE_GATE_KEY',
    );
  });

  it('G5: 100 gates in a step work, 101 are a TooManyGatesError', () => {
    const chain = (gates: number) => () => {
      let stream: Observable<number> = of(1);
      for (let i = 0; i < gates; i++) stream = stream.pipe(checkpoint());
      return stream;
    };
    expect(runStep(chain(100))).toMatchObject({ state: 'completed', result: 1 });
    expect(runStep(chain(101)).code).toBe('TOO_MANY_GATES');
  });

  it('G5: gates added after the last one are welcome, a changed one puts the job back (S10)', () => {
    let version = 1;
    const ran = runStep(
      () => {
        const gate = version === 1 ? checkpoint<number>() : delay<number>(5);
        return of(1).pipe(
          gate,
          map((value) => {
            if (version++ === 1) throw new Error('deploy');
            return value;
          }),
        );
      },
      { attempts: 2 },
    );
    expect(ran).toMatchObject({ state: 'failed', code: 'CHECKPOINT_MISMATCH' });
    expect(ran.reason).toMatch(/checkpoint.*delay/);
    expect(ran.end).toBeGreaterThanOrEqual(600_000);
  });
});

describe('G6: once per visit', () => {
  it('G6: subscribers of an open gate share one run of its source, unsubscribed when the last leaves', () => {
    let live = 0;
    const source = counted(() =>
      defer(() => (live++, timer(50).pipe(map(() => 'slow')))).pipe(tap({ finalize: () => live-- })),
    );
    const ran = runStep(() => {
      const gated$ = source.pipe(checkpoint());
      return race(gated$, gated$, timer(10).pipe(map(() => 'fast'))).pipe(
        concatMap((winner) => of(`${winner} ${live}`)),
      );
    });
    expect(ran.result).toBe('fast 0');
    expect(source.runs).toBe(1);
  });

  it("G6: a source's error passes through unsaved, so retry below runs the source again", () => {
    let tries = 0;
    const ran = runStep(() =>
      defer(() => (++tries < 3 ? throwError(() => new Error('above')) : of(tries))).pipe(checkpoint(), retry(5)),
    );
    expect(ran).toMatchObject({ state: 'completed', result: 3 });
  });

  it('G6: a passed gate under repeat() is a GateLoopError, also when retry() stands below', () => {
    for (const below of [(x: Observable<any>) => x, (x: Observable<any>) => x.pipe(retry())]) {
      const ran = runStep(() => below(of(1).pipe(checkpoint(), ignoreElements(), repeat())));
      expect(ran).toMatchObject({ state: 'failed', code: 'GATE_LOOP' });
    }
  });

  it('G6: an awaited child that has failed, under retry(), is a GateLoopError and no endless loop', () => {
    const ran = runStep(() =>
      of(-1).pipe(
        awaitChildren((n) => ({ queue: 'kids', name: 'k', data: n })),
        retry(),
      ),
    );
    expect(ran).toMatchObject({ state: 'failed', code: 'GATE_LOOP' });
  });

  it('G6: share() between two gates hands both the same run', () => {
    const source = counted(() => of('s'));
    const ran = runStep(() => {
      const shared$ = source.pipe(checkpoint(), share());
      return forkJoin([shared$.pipe(delay(10)), shared$.pipe(delay(20))]);
    });
    expect(ran).toMatchObject({ state: 'completed', result: ['s', 's'], end: 20 });
    expect(source.runs).toBe(1);
  });

  it('G6: a gate that switchMap leaves is closed and holds nothing', () => {
    const ran = runStep(() => {
      const left$ = NEVER.pipe(checkpoint());
      return merge(of(1), timer(10)).pipe(
        switchMap((value, index) => (index === 0 ? left$ : of(value))),
        delay(30),
      );
    });
    expect(ran).toMatchObject({ state: 'completed', end: 40 });
  });
});

describe('G8: durations', () => {
  it.each([-1, NaN, Infinity, 'soon', '', '-3 days', new Date(NaN)])('G8: delay(%p) is refused at the call', (bad) => {
    expect(() => delay(bad)).toThrow(expect.objectContaining({ code: 'INVALID_DURATION' }));
  });

  it('G8: a duration that a function of the values gives is refused as the error of the stream', () => {
    const ran = runStep(() => of('never').pipe(delay((values) => `${values[0]}`)));
    expect(ran).toMatchObject({ state: 'failed', code: 'INVALID_DURATION' });
  });

  it('G8: a past Date passes at once, a due Date at its time, text as ms reads it', () => {
    expect(runStep(() => of(1).pipe(delay(new Date(-5))))).toMatchObject({ end: 0, activations: 1 });
    expect(runStep(() => of(1).pipe(delay(new Date(1_500))))).toMatchObject({ end: 1_500, activations: 2 });
    expect(runStep(() => of(1).pipe(delay('1.5h')))).toMatchObject({ end: 5_400_000 });
    expect(
      runStep(() =>
        of(1, 2).pipe(
          delay((all) => all.length * 100),
          toArray(),
        ),
      ),
    ).toMatchObject({ end: 200, result: [1, 2] });
  });

  it('G8: ten years are ten years: nothing overflows', () => {
    expect(runStep(() => of(1).pipe(delay('10 years')))).toMatchObject({ end: 315_576_000_000, activations: 2 });
  });

  it("G8: a length changed in the code doesn't move a saved due time", () => {
    let length = 100;
    const ran = runStep(() => of(1).pipe(delay(length), tap({ finalize: () => (length = 5_000) })));
    expect(ran.end).toBe(100);
  });
});

describe('C1: children beside the step', () => {
  it('C1: addChildren passes its values on, and the job completes when the children are done', () => {
    const ran = runStep(() =>
      of(4).pipe(
        addChildren((n) => ({ queue: 'kids', name: 'k', data: n })),
        map((n) => n + 1),
      ),
    );
    expect(ran).toMatchObject({ state: 'completed', result: 5, end: 10 });
  });

  it('C1: a child of addChildren that fails for good fails the job', () => {
    const ran = runStep(() => of(-4).pipe(addChildren((n) => ({ queue: 'kids', name: 'k', data: n }))));
    expect(ran).toMatchObject({ state: 'failed', code: 'CHILD_FAILED' });
    expect(ran.reason).toContain('no -4');
  });
});
