import { concatMap, defer, forkJoin, from, map, of, range, retry, take, tap, throwError, timer, toArray } from 'rxjs';
import { checkpointMap, delay, type Engine } from 'stepstream';
import { lateEngine } from '../support/late-engine.js';
import { counted, runStep } from '../support/run-step.js';
import { virtualClock } from '../support/virtual.js';

describe('G7: checkpointMap', () => {
  it('G7: projects each item and emits the results in the order of the items', () => {
    const ran = runStep(() =>
      from([30, 10, 20]).pipe(
        checkpointMap((ms, index) => timer(ms).pipe(map(() => `${index}:${ms}`)), { concurrency: 3 }),
        toArray(),
      ),
    );
    expect(ran).toMatchObject({ state: 'completed', result: ['0:30', '1:10', '2:20'], end: 30 });
  });

  it('G7: runs one item at a time unless told otherwise', () => {
    const project = (ms: number) => timer(ms);
    expect(runStep(() => from([10, 10, 10]).pipe(checkpointMap(project), toArray())).end).toBe(30);
    expect(runStep(() => from([10, 10, 10]).pipe(checkpointMap(project, { concurrency: 2 }), toArray())).end).toBe(20);
  });

  it('G7: after a failure only the items without a saved result run again, and the source never', () => {
    const projected: number[] = [];
    const source = counted(() => range(0, 4));
    const ran = runStep(
      () =>
        source.pipe(
          checkpointMap((item) =>
            defer(() => {
              projected.push(item);
              if (item === 2 && projected.length === 3) return throwError(() => new Error('once'));
              return of(item * 10);
            }),
          ),
          toArray(),
        ),
      { attempts: 2 },
    );
    expect(ran).toMatchObject({ state: 'completed', result: [0, 10, 20, 30], activations: 2 });
    expect(projected).toEqual([0, 1, 2, 2, 3]);
    expect(source.runs).toBe(1);
  });

  it('G7: the items are saved before the first of them is worked on', () => {
    const seen: unknown[] = [];
    runStep(() =>
      timer(5).pipe(
        concatMap(() => of('a', 'b')),
        tap((item) => seen.push(item)),
        checkpointMap((item) => of(seen.push(`work ${item}`))),
      ),
    );
    expect(seen).toEqual(['a', 'b', 'work a', 'work b']);
  });

  it('G7: hands each item an idempotency key of its own, the same on a retry', () => {
    const keys: string[] = [];
    runStep(
      () =>
        range(0, 2).pipe(
          checkpointMap((item, _index, key) => {
            keys.push(key);
            return item === 1 && keys.length === 2 ? throwError(() => new Error('once')) : of(item);
          }),
        ),
      { attempts: 2 },
    );
    expect(keys).toHaveLength(3);
    expect(keys[2]).toBe(keys[1]);
    expect(new Set(keys).size).toBe(2);
  });

  it('G7: a result is the last value of its stream as it is stored: undefined without one, a Date as text', () => {
    const ran = runStep(() =>
      from([0, 1, 2]).pipe(
        checkpointMap((item): unknown[] => (item === 0 ? [] : item === 1 ? ['first', 'last'] : [new Date(0)])),
        map((value) => value ?? 'undefined'),
        toArray(),
      ),
    );
    expect(ran.result).toEqual(['undefined', 'last', '1970-01-01T00:00:00.000Z']);
  });

  it('G7: an empty source completes; promises are taken', () => {
    expect(
      runStep(() =>
        of<number>().pipe(
          checkpointMap(() => of(1)),
          toArray(),
        ),
      ).result,
    ).toEqual([]);
  });

  it('G4, G7: items at work hold the job; it parks when they are done', () => {
    const work = counted(() => timer(50));
    const ran = runStep(() =>
      forkJoin([
        of('t').pipe(delay(200)),
        of(1, 2).pipe(
          checkpointMap(() => work),
          toArray(),
          map(() => virtualClock.now()),
        ),
      ]),
    );
    expect(ran).toMatchObject({ state: 'completed', end: 200 });
    expect(work.runs).toBe(2);
  });

  it('G7: who subscribes while items are at work gets all results, of one run', () => {
    const work = counted(() => timer(10));
    const ran = runStep(() => {
      const all$ = range(0, 3).pipe(checkpointMap((item) => work.pipe(map(() => item))));
      return forkJoin([
        all$.pipe(toArray()),
        timer(15).pipe(
          concatMap(() => all$),
          toArray(),
        ),
      ]);
    });
    expect(ran.result).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(work.runs).toBe(3);
  });

  it.each([0, 1.5, NaN])('G7: a concurrency of %p is refused at the call', (concurrency) => {
    expect(() => checkpointMap(() => of(1), { concurrency })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION' }),
    );
  });

  it('G7: a result that is not saved yet is not passed on, under retry() neither', () => {
    let failures = 0;
    const seen: unknown[] = [];
    const ran = runStep(
      () =>
        of(0, 1).pipe(
          checkpointMap(
            (item) => {
              if (item === 1 && failures++ === 0) throw new Error('once');
              return of(`result ${item}`);
            },
            { concurrency: 2 },
          ),
          map((result) => {
            seen.push([result, [...saved]]);
            return result;
          }),
          retry(2),
          toArray(),
        ),
      { wrap: (engine) => lateEngine(noting(engine), 4) },
    );
    expect(ran.result).toEqual(['result 0', 'result 1']);
    expect(seen).toEqual([
      ['result 0', expect.arrayContaining(['i:0:0'])],
      ['result 1', expect.arrayContaining(['i:0:1'])],
    ]);
  });

  it('G7: items that nobody waits for any more are not begun', () => {
    const begun: number[] = [];
    const ran = runStep(
      () =>
        range(0, 3).pipe(
          checkpointMap((item) => {
            begun.push(item);
            return of(item);
          }),
          take(1),
          map((item) => {
            if (begun.length === 1) throw new Error('once');
            return item;
          }),
        ),
      { attempts: 2 },
    );
    expect(begun).toEqual([0]);
    expect(ran.state).toBe('failed');
  });
});

const saved = new Set<string>();

/** Notes the fields that the engine has. */
function noting(engine: Engine): Engine {
  saved.clear();
  return {
    ...engine,
    checkpoint(lease, write) {
      for (const field of write.fields?.keys() ?? []) saved.add(field);
      return engine.checkpoint(lease, write);
    },
  };
}
