import { EMPTY, catchError, concat, concatMap, from, ignoreElements, map, of, type Observable } from 'rxjs';
import { Processor, Step, addChildren, awaitChildren, checkpoint, goto, type StepJob } from 'stepstream';
import { runJobOf, runStep } from '../support/run-step.js';

const kid = (data: number) => ({ queue: 'kids', name: 'k', data });

describe('awaitChildren', () => {
  it('C4: settled waits for all and passes on how each ended', () => {
    const ran = runStep(() => from([1, -1, 2]).pipe(awaitChildren(kid, { settled: true })));
    expect(ran.result).toEqual([
      { status: 'fulfilled', value: 2 },
      { status: 'rejected', reason: 'no -1' },
      { status: 'fulfilled', value: 4 },
    ]);
    expect(ran.activations).toBe(2);
  });

  it('C4: without settled, a failure leaves the gate as a ChildFailedError that can be caught', () => {
    const ran = runStep(() =>
      from([-1, 2]).pipe(
        awaitChildren(kid),
        catchError((error: Error) => of(`${error.name}: ${error.message}`)),
      ),
    );
    expect(ran.state).toBe('completed');
    expect(ran.result).toMatch(/^ChildFailedError: child .{22}-0 of queue kids failed: no -1$/);
  });

  it('C1: awaitChildren() waits for the children that no other gate awaits, by gate and index', () => {
    @Processor('all')
    class All {
      @Step()
      add(): Observable<unknown> {
        return concat(of(1, 2).pipe(addChildren(kid)), of(3).pipe(addChildren(kid))).pipe(ignoreElements());
      }
      @Step()
      own(): Observable<unknown> {
        return of(50).pipe(awaitChildren(kid));
      }
      @Step()
      rest(_job: StepJob, own: number[]): Observable<unknown> {
        return EMPTY.pipe(
          awaitChildren(),
          map((rest) => ({ own, rest })),
        );
      }
    }
    expect(runJobOf(All).result).toEqual({ own: [100], rest: [2, 4, 6] });
  });

  it("C1: awaitChildren() drops its source's values, and passes [] on when there are no children", () => {
    expect(runStep(() => of(1, 2).pipe(awaitChildren())).result).toEqual([]);
  });

  it('C1, C4: a failure that awaitChildren() has told does not fail the job again when it completes', () => {
    const settled = runStep(() =>
      of(-3).pipe(
        addChildren(kid),
        awaitChildren(undefined, { settled: true }),
        concatMap((all) => all),
      ),
    );
    expect(settled).toMatchObject({ state: 'completed', result: { status: 'rejected', reason: 'no -3' } });
    const caught = runStep(() =>
      of(-3).pipe(
        addChildren(kid),
        awaitChildren(),
        catchError(() => of('caught')),
      ),
    );
    expect(caught).toMatchObject({ state: 'completed', result: 'caught' });
    const uncaught = runStep(() => of(-3).pipe(addChildren(kid), awaitChildren()));
    expect(uncaught).toMatchObject({ state: 'failed', code: 'CHILD_FAILED' });
  });

  it('C5: two gates see the results of their own children only', () => {
    const ran = runStep(() =>
      of(1).pipe(
        awaitChildren(kid),
        concatMap((first) => of({ first })),
        checkpoint(),
        concatMap(({ first }) => of(first)),
      ),
    );
    expect(ran.result).toEqual([2]);
    const chained = runStep(() =>
      of(1).pipe(
        awaitChildren(kid),
        concatMap(([n]) => [n, n + 1]),
        awaitChildren(kid),
      ),
    );
    expect(chained.result).toEqual([4, 6]);
  });

  it('C1: detached jobs have no parent: the job does not wait for them, nor fail of them', () => {
    const ran = runStep(() => of(-1, 5).pipe(addChildren(kid, { detached: true })));
    expect(ran).toMatchObject({ state: 'completed', result: 5, end: 0 });
  });

  it('C2: opts.jobId is refused unless detached', () => {
    const named = (data: number) => ({ ...kid(data), opts: { jobId: `kid-${data}` } });
    expect(runStep(() => of(1).pipe(awaitChildren(named)))).toMatchObject({ state: 'failed', code: 'INVALID_CHILD' });
    let added: unknown;
    @Processor('detaching')
    class Detaching {
      @Step()
      only(): Observable<unknown> {
        return of(1).pipe(addChildren(named, { detached: true }));
      }
    }
    runJobOf(Detaching, undefined, {
      play: (run) => run.at(100, () => void (added = run.engine.get('kids', 'kid-1'))),
    });
    expect(added).toMatchObject({ id: 'kid-1', parent: undefined, state: 'completed' });
  });

  it('C5: in a loop, awaitChildren() tells each round of children once', () => {
    const rounds: number[][] = [];
    @Processor('rounds')
    class Rounds {
      @Step()
      round(_job: StepJob, n: number | undefined): Observable<number> {
        return of((n ?? 0) + 1).pipe(
          addChildren(kid),
          awaitChildren(),
          map((results) => {
            rounds.push(results);
            return (n ?? 0) + 1;
          }),
          goto((round) => (round < 3 ? 'round' : undefined)),
        );
      }
    }
    expect(runJobOf(Rounds)).toMatchObject({ state: 'completed', result: 3 });
    expect(rounds).toEqual([[2], [4], [6]]);
  });
});
