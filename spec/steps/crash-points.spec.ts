import {
  EMPTY,
  catchError,
  concat,
  concatMap,
  defer,
  forkJoin,
  from,
  map,
  merge,
  of,
  race,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import {
  Processor,
  Step,
  addChildren,
  awaitChildren,
  checkpoint,
  checkpointMap,
  delay,
  finish,
  goto,
  type Class,
  type Engine,
  type StepJob,
} from 'stepstream';
import { lateEngine } from '../support/late-engine.js';
import { mortalEngine } from '../support/mortal-engine.js';
import { virtually, type VirtualRun } from '../support/virtual.js';

/** Effects by label, and calls of step methods that should not have been made. */
interface World {
  readonly effects: Map<string, number>;
  readonly misplaced: string[];
  run: VirtualRun | undefined;
}

let world: World;

function effect<T>(label: string, value: T, ms = 0): Observable<T> {
  return defer(() => {
    world.effects.set(label, (world.effects.get(label) ?? 0) + 1);
    return ms === 0 ? of(value) : timer(ms).pipe(map(() => value));
  });
}

/** A step method may be called only for the visit that the store has the job in. */
function entered(job: StepJob): void {
  const record = world.run!.engine.get(job.queueName, job.id) as { checkpoint?: { seq: number; cursor: string } };
  const stored = record.checkpoint?.seq ? (JSON.parse(record.checkpoint.cursor) as { v: number; s: string }) : { v: 1 };
  if (stored.v !== job.visit) world.misplaced.push(`${job.step} in visit ${job.visit}, stored is ${stored.v}`);
}

const kid = (data: number) => ({ queue: 'crash-kids', name: 'kid', data });

@Processor('crash-kids', { concurrency: 3 })
class Kids {
  @Step()
  work(job: StepJob<number>): Observable<number> {
    entered(job);
    return job.data < 0
      ? defer(() => {
          throw new Error(`no ${job.data}`);
        })
      : effect(`kid ${job.data}`, job.data * 2, 7);
  }
}

@Processor('crash-gates')
class Gates {
  @Step()
  charge(job: StepJob): Observable<unknown> {
    entered(job);
    return effect('charge', 'receipt', 5).pipe(
      checkpoint(),
      concatMap((receipt) => effect('mail', `${receipt} mailed`)),
      delay('2 days'),
      concatMap((text) => effect('remind', `${text}, reminded`)),
    );
  }
  @Step()
  map(job: StepJob): Observable<unknown> {
    entered(job);
    return concat(
      of('started'),
      from([1, 2, 3]).pipe(
        checkpointMap((n) => effect(`item ${n}`, n * 10, 3), { concurrency: 2 }),
        toArray(),
      ),
    );
  }
  @Step()
  both(job: StepJob, items: unknown): Observable<unknown> {
    entered(job);
    return forkJoin([
      effect('left', 'l', 4).pipe(delay('1 hour')),
      effect('right', 'r', 2).pipe(delay('1 minute'), checkpoint(), delay('2 hours')),
      of(items).pipe(checkpoint({ key: 'items' })),
    ]);
  }
}

@Processor('crash-children')
class Parents {
  @Step()
  own(job: StepJob): Observable<unknown> {
    entered(job);
    return effect('list', [1, 2, 3]).pipe(
      concatMap((all) => all),
      awaitChildren(kid),
    );
  }
  @Step()
  settled(job: StepJob, own: number[]): Observable<unknown> {
    entered(job);
    return of(-1, 4).pipe(
      awaitChildren(kid, { settled: true }),
      map((all) => [...own, ...all.map(({ status }) => status)]),
    );
  }
  @Step()
  caught(job: StepJob, so: unknown[]): Observable<unknown> {
    entered(job);
    return of(-2).pipe(
      awaitChildren(kid),
      catchError(() => effect('caught', 'caught')),
      map((last) => [...so, last]),
    );
  }
  @Step()
  added(job: StepJob, so: unknown[]): Observable<unknown> {
    entered(job);
    return merge(
      of(5, 6).pipe(addChildren(kid)),
      of(7).pipe(addChildren((data) => ({ ...kid(data), opts: { delay: 1_000 } }))),
      of(8).pipe(addChildren(kid, { detached: true })),
    ).pipe(
      toArray(),
      map(() => so),
    );
  }
  @Step()
  all(job: StepJob, so: unknown[]): Observable<unknown> {
    entered(job);
    return EMPTY.pipe(
      awaitChildren(),
      map((rest) => [...so, ...rest]),
    );
  }
  @Step()
  late(job: StepJob, so: unknown[]): Observable<unknown> {
    entered(job);
    return of(9).pipe(
      addChildren(kid),
      map(() => so),
    );
  }
}

@Processor('crash-routes')
class Routes {
  @Step({ attempts: 3 })
  poll(job: StepJob, turn: number | undefined): Observable<number> {
    entered(job);
    return effect(`poll ${turn ?? 0}`, (turn ?? 0) + 1).pipe(
      delay('1 hour'),
      goto((next) => (next < 3 ? 'poll' : 'choose')),
    );
  }
  @Step()
  skipped(job: StepJob): Observable<string> {
    entered(job);
    return effect('skipped', 'skipped');
  }
  @Step()
  choose(job: StepJob, turns: number): Observable<unknown> {
    entered(job);
    return race(effect('slow', 'slow', 50), effect('fast', 'fast', 10)).pipe(
      checkpoint(),
      concatMap((winner) => effect(`act on ${winner}`, `${winner} after ${turns}`)),
      finish(),
    );
  }
  @Step()
  never(job: StepJob): Observable<string> {
    entered(job);
    return effect('never', 'never');
  }
}

interface Played {
  readonly state: string;
  readonly result: unknown;
  readonly effects: ReadonlyMap<string, number>;
  readonly misplaced: readonly string[];
  readonly writes: number;
}

/** Runs a job; the machine dies at one write, and another takes over at once, or so late that every clock has passed. */
function play(
  processor: Class<any>,
  latency: number,
  fatal = Infinity,
  when: 'before' | 'after' = 'before',
  takeOver = 0,
): Played {
  const near = (engine: Engine): Engine => (latency === 0 ? engine : lateEngine(engine, latency));
  world = { effects: new Map(), misplaced: [], run: undefined };
  let played!: () => Played;
  virtually([processor, Kids], (run) => {
    world.run = run;
    const id = run.add();
    const mortal = mortalEngine(run.engine, fatal, when, () =>
      run.after(takeOver, () => void run.startWorkers(near(run.engine))),
    );
    run.startWorkers(near(mortal.engine));
    played = () => {
      const { state, returnvalue } = run.get(id);
      const result: unknown = returnvalue === undefined ? undefined : JSON.parse(returnvalue);
      return { state, result, effects: world.effects, misplaced: world.misplaced, writes: mortal.writes };
    };
  });
  return played();
}

describe.each([
  ['at once', 0],
  ['3 ms late', 3],
])('a machine that dies, on an engine that answers %s', (_, latency) => {
  describe.each([Gates, Parents, Routes])('in %p', (processor: Class<any>) => {
    crashPoints(processor, latency);
  });
});

function crashPoints(processor: Class<any>, latency: number): void {
  const calm = play(processor, latency);
  const points = Array.from({ length: calm.writes }, (_, index) => index + 1);

  it('has points to die at, and comes to an end without dying', () => {
    expect(calm).toMatchObject({ state: 'completed', misplaced: [] });
    expect([...calm.effects.values()].every((times) => times === 1)).toBe(true);
    expect(calm.writes).toBeGreaterThanOrEqual(8);
  });

  it.each([
    ['before', 'at once', 0],
    ['after', 'at once', 0],
    ['before', 'late', 365 * 86_400_000],
    ['after', 'late', 365 * 86_400_000],
  ] as const)(
    'S6, W3: dead %s any write and taken over %s, the result is the same, no finished step runs again, an effect at most twice',
    (when, _, takeOver) => {
      for (const fatal of points) {
        const lossy = play(processor, latency, fatal, when, takeOver);
        expect({ fatal, state: lossy.state, result: lossy.result }).toEqual({
          fatal,
          state: 'completed',
          result: calm.result,
        });
        expect({ fatal, misplaced: lossy.misplaced }).toEqual({ fatal, misplaced: [] });
        const tooOften = [...lossy.effects].filter(([, times]) => times > 2);
        expect({ fatal, tooOften }).toEqual({ fatal, tooOften: [] });
        expect({ fatal, effects: [...lossy.effects.keys()].toSorted() }).toEqual({
          fatal,
          effects: [...calm.effects.keys()].toSorted(),
        });
      }
    },
  );
}
