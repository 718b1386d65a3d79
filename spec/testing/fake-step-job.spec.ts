import { concatMap, from, map, of, share, toArray, type Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import {
  addChildren,
  awaitChildren,
  checkpoint,
  checkpointMap,
  delay,
  GateOutsideStepError,
  goto,
  Step,
  StepReturnError,
  type StepJob,
} from 'stepstream';
import { fakeStepJob } from 'stepstream/testing';

const marbles = (test: Parameters<TestScheduler['run']>[0]): void =>
  void new TestScheduler((received, expected) => expect(received).toEqual(expected)).run(test);

class Mailing {
  constructor(private readonly send: (to: string) => Observable<string>) {}

  @Step()
  mail(_job: StepJob<string>, to: string): Observable<string> {
    return of(to).pipe(
      delay('1 minute'),
      concatMap((each) => this.send(each)),
      checkpoint(),
      map((sent) => `${sent} to ${to}`),
      goto(this.again),
    );
  }

  @Step()
  again(): Observable<string> {
    return of('again');
  }
}

describe('fakeStepJob', () => {
  it('emits what the step emits, as it emits it; a delay passes in place after its time', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const sending = cold('2s (s|)');
      const processor = new Mailing(() => sending);
      const mail$ = fakeStepJob('data', { processor }, (job) => processor.mail(job, 'me'));
      expectObservable(mail$).toBe('62s (a|)', { a: 's to me' });
      expectSubscriptions(sending.subscriptions).toBe('60s ^ 1999ms !');
    });
  });

  it('a delay that takes months costs no more than one that takes a second, however the source is shared', () => {
    marbles(({ expectObservable }) => {
      const shared$ = of('x').pipe(share());
      const step$ = fakeStepJob(1, {}, () =>
        shared$.pipe(
          delay('90 days'),
          concatMap((x) => of(`${x}!`).pipe()),
        ),
      );
      expectObservable(step$).toBe(`${90 * 86_400}s (a|)`, { a: 'x!' });
    });
  });

  it('S6: the job has what was saved, its outputs, its data and what is its own', () => {
    marbles(({ expectObservable }) => {
      const options = {
        saved: 'page 3',
        outputs: { charge: 'receipt' },
        step: 'review',
        visit: 4,
        queueName: 'orders',
      };
      const step$ = fakeStepJob({ id: 7 }, options, (job) =>
        of([
          job.data.id,
          job.saved,
          job.outputs['charge'],
          job.step,
          job.visit,
          job.queueName,
          job.idempotencyKey.length,
        ]),
      );
      expectObservable(step$).toBe('(a|)', { a: [7, 'page 3', 'receipt', 'review', 4, 'orders', 22] });
    });
  });

  it('G1: a gate that was saved passes its values on, and its source is not subscribed', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const above = cold('(x|)');
      const gates = [['saved'], { values: ['later'], due: '1h' }];
      const step$ = fakeStepJob(1, { gates }, () =>
        above.pipe(
          checkpoint(),
          concatMap(() => cold('--y|').pipe()),
          delay('3 days'),
        ),
      );
      expectObservable(step$).toBe('3600s (a|)', { a: 'later' });
      expectSubscriptions(above.subscriptions).toBe([]);
    });
  });

  it('a gate with a key is given by its key', () => {
    marbles(({ expectObservable }) => {
      const step$ = fakeStepJob(1, { gates: { receipt: ['saved'] } }, () =>
        of('new').pipe(checkpoint({ key: 'receipt' })),
      );
      expectObservable(step$).toBe('(a|)', { a: 'saved' });
    });
  });

  it('children end at once, with the results that the test gives', () => {
    marbles(({ expectObservable }) => {
      const children = ({ data }: { data: unknown }): number => {
        if (data === 3) throw new Error('no three');
        return (data as number) * 10;
      };
      const child = (data: number) => ({ queue: 'kids', name: 'kid', data });
      const awaited$ = fakeStepJob(1, { children }, () => from([1, 2]).pipe(awaitChildren(child)));
      const settled$ = fakeStepJob(1, { children }, () =>
        from([1, 3]).pipe(addChildren(child), awaitChildren(child, { settled: true })),
      );
      const untold$ = fakeStepJob(1, {}, () => of(1).pipe(awaitChildren(child)));
      expectObservable(awaited$).toBe('(a|)', { a: [10, 20] });
      expectObservable(settled$).toBe('(a|)', {
        a: [
          { status: 'fulfilled', value: 10 },
          { status: 'rejected', reason: 'no three' },
        ],
      });
      expectObservable(untold$.pipe(map(() => 'none'))).toBe(
        '#',
        undefined,
        expect.objectContaining({ code: 'CHILD_FAILED' }),
      );
    });
  });

  it('checkpointMap works its items one by one', () => {
    marbles(({ cold, expectObservable }) => {
      const step$ = fakeStepJob([1, 2], {}, (job) =>
        from(job.data).pipe(
          checkpointMap((n) => cold('5ms (r|)', { r: n * 2 })),
          toArray(),
        ),
      );
      expectObservable(step$).toBe('10ms (a|)', { a: [2, 4] });
    });
  });

  it('an error of the stream, or of the step, is an error of the Observable', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(fakeStepJob(1, {}, () => cold('1s #', {}, 'no'))).toBe('1s #', {}, 'no');
      expectObservable(fakeStepJob(1, {}, () => [1] as never)).toBe('#', {}, expect.any(StepReturnError));
      const late$ = fakeStepJob(1, {}, () => of(1).pipe(concatMap(() => of(2).pipe(checkpoint()))));
      expectObservable(late$).toBe('#', {}, expect.any(GateOutsideStepError));
    });
  });

  it('unsubscribed, it unsubscribes the stream and keeps no timer', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-c-d');
      expectObservable(
        fakeStepJob(1, {}, () => source),
        '^---!',
      ).toBe('-a-b');
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('outside of a TestScheduler it runs in real time', async () => {
    const emitted: unknown[] = [];
    await fakeStepJob(1, {}, async (job) => job.data + 1).forEach((value) => emitted.push(value));
    expect(emitted).toEqual([2]);
  });
});
