import { concat, concatMap, map, of, throwError, type Observable } from 'rxjs';
import { Processor, Step, delay, finish, goto, type StepJob } from 'stepstream';
import { runJobOf, runStep } from '../support/run-step.js';

describe('S7: routing', () => {
  it('S7: goto by method skips steps, and its values are the input of the step that follows', () => {
    const ran: string[] = [];
    @Processor('skip')
    class Skip {
      @Step()
      first(): Observable<string> {
        return of('for the third').pipe(goto(this.third));
      }
      @Step()
      second(): Observable<string> {
        ran.push('second');
        return of('never');
      }
      @Step()
      third(_job: StepJob, input: string): Observable<string> {
        return of(`third got ${input}`);
      }
    }
    expect(runJobOf(Skip)).toMatchObject({ state: 'completed', result: 'third got for the third' });
    expect(ran).toEqual([]);
  });

  it('S7: goto to an earlier step is a new visit with fresh gates and a new idempotency key', () => {
    const keys = new Set<string>();
    @Processor('loop')
    class Loop {
      @Step()
      poll(job: StepJob, turns: number | undefined): Observable<number> {
        keys.add(job.idempotencyKey);
        return of((turns ?? 0) + 1).pipe(
          delay('1 hour'),
          goto((turn) => (turn < 3 ? 'poll' : undefined)),
        );
      }
      @Step({ after: 'poll' })
      done(job: StepJob, turns: number): Observable<string> {
        return of(`${turns} turns, visit ${job.visit}`);
      }
    }
    expect(runJobOf(Loop)).toMatchObject({ result: '3 turns, visit 4', end: 3 * 3_600_000 });
    expect(keys.size).toBe(3);
  });

  it('S7: the note of the last value counts, and a function that returns nothing takes an earlier note back', () => {
    @Processor('last')
    class Last {
      @Step()
      first(): Observable<string> {
        return of('third', 'none').pipe(goto((value) => (value === 'none' ? undefined : value)));
      }
      @Step()
      second(_job: StepJob, input: string): Observable<string> {
        return of(`second after ${input}`).pipe(finish());
      }
      @Step()
      third(): Observable<string> {
        return of('third');
      }
    }
    expect(runJobOf(Last).result).toBe('second after none');
  });

  it("S7: finish() ends the job with the step's output, whatever steps follow", () => {
    @Processor('finished')
    class Finished {
      @Step()
      first(): Observable<string> {
        return concat(of('a'), of('b').pipe(finish()));
      }
      @Step()
      second(): Observable<string> {
        return throwError(() => new Error('must not run'));
      }
    }
    expect(runJobOf(Finished)).toMatchObject({ state: 'completed', result: 'b' });
  });

  it('S7: a note that was made above a gate still counts after the job has resumed below it', () => {
    @Processor('noted')
    class Noted {
      @Step()
      first(): Observable<string> {
        return of('x').pipe(goto('third'), delay('1 day'));
      }
      @Step()
      second(): Observable<string> {
        return of('second').pipe(finish());
      }
      @Step()
      third(): Observable<string> {
        return of('third');
      }
    }
    expect(runJobOf(Noted).result).toBe('third');
  });

  it('S7: a note of a failed attempt does not outlive it', () => {
    let attempts = 0;
    @Processor('forgotten')
    class Forgotten {
      @Step({ attempts: 2 })
      first(): Observable<string> {
        return ++attempts === 1
          ? of('x').pipe(
              goto('third'),
              map(() => {
                throw new Error('once');
              }),
            )
          : of('x');
      }
      @Step()
      second(): Observable<string> {
        return of('second').pipe(finish());
      }
      @Step()
      third(): Observable<string> {
        return of('third');
      }
    }
    expect(runJobOf(Forgotten).result).toBe('second');
  });

  it('S7: a step that does not exist is an UnknownStepError: at the call for a constant, else as the error of the stream', () => {
    expect(runStep(() => of(1).pipe(goto('nowhere')))).toMatchObject({ state: 'failed', code: 'UNKNOWN_STEP' });
    const chosen = runStep(() => of(1).pipe(goto(() => 'nowhere')));
    expect(chosen).toMatchObject({ state: 'failed', code: 'UNKNOWN_STEP' });
    expect(chosen.reason).toContain('goto("nowhere") in step only');
  });

  it('S7: job.outputs holds the last output of every finished step by name, in a loop too', () => {
    @Processor('outputs')
    class Outputs {
      @Step()
      count(_job: StepJob, n: number | undefined): Observable<number> {
        return of((n ?? 0) + 1).pipe(goto((value) => (value < 3 ? 'count' : undefined)));
      }
      @Step()
      constructor_(): Observable<string> {
        return of('c');
      }
      @Step()
      end(job: StepJob): Observable<unknown> {
        return of(job.outputs).pipe(map((outputs) => ({ ...outputs, frozen: Object.isFrozen(outputs) })));
      }
    }
    expect(runJobOf(Outputs).result).toEqual({ count: 3, constructor_: 'c', frozen: true });
  });

  it('S7, W6: ten thousand turns of a loop leave the stack and the checkpoint as they were', () => {
    let deepest = 0;
    @Processor('turns')
    class Turns {
      @Step()
      turn(_job: StepJob, n: number | undefined): Observable<number> {
        deepest = Math.max(deepest, new Error('depth').stack?.split('\n').length ?? 0);
        return of((n ?? 0) + 1).pipe(goto((value) => (value < 10_000 ? 'turn' : undefined)));
      }
    }
    Error.stackTraceLimit = 200;
    const ran = runJobOf(Turns);
    Error.stackTraceLimit = 10;
    expect(ran).toMatchObject({ state: 'completed', result: 10_000, activations: 1 });
    expect(deepest).toBeLessThan(150);
  });

  it('S1: an input is the same when the step is retried', () => {
    const inputs: unknown[] = [];
    @Processor('again')
    class Again {
      @Step()
      first(): Observable<unknown> {
        return of({ n: 1 });
      }
      @Step({ attempts: 2 })
      second(_job: StepJob, input: { n: number }): Observable<unknown> {
        inputs.push({ ...input });
        input.n = 99;
        return inputs.length === 1
          ? throwError(() => new Error('once'))
          : of(input).pipe(concatMap((value) => of(value)));
      }
    }
    expect(runJobOf(Again).state).toBe('completed');
    expect(inputs).toEqual([{ n: 1 }, { n: 1 }]);
  });
});
