import { concatMap, defer, from, map, NEVER, of, type Observable } from 'rxjs';
import { awaitChildren, checkpoint, delay, Processor, Step, type StepJob } from 'stepstream';
import { JobTestBed } from 'stepstream/testing';

abstract class Mail {
  abstract send(text: string): Observable<string>;
}

@Processor('reviews')
class Reviews {
  constructor(private readonly mail: Mail) {}

  @Step()
  charge(job: StepJob<string>) {
    return of(`receipt of ${job.data}`);
  }

  @Step({ after: 'charge', attempts: 2, backoff: 3_600_000 })
  review(_job: StepJob<string>, receipt: string) {
    return of(receipt).pipe(
      delay('3 days'),
      concatMap((text) => this.mail.send(text)),
    );
  }
}

const bed = new JobTestBed({ processors: [Reviews] });

describe('JobTestBed.run', () => {
  it('draws a job that takes days as one line', () => {
    const job = bed.run(({ provide, add, cold, expectJob, expectStep }) => {
      provide(Mail, { send: () => cold('2s (a|)', { a: 'asked' }) });
      const added = add(Reviews, 'A');
      expectJob(added).toBe('(cd) 3d r 2s |', {
        c: { step: 'charge', output: 'receipt of A' },
        d: { due: '3d', gates: ['delay'] },
        '|': { result: 'asked' },
      });
      expectStep(added, 'review').toBe('3d 2s (a|)', { a: 'asked' });
      return added;
    });
    expect(job.result).toBe('asked');
  });

  it('says that a promise cannot be virtualised', () => {
    expect(() =>
      bed.run(({ provide, add }) => {
        provide(Mail, { send: () => defer(async () => 'x') });
        add(Reviews, 'A');
      }),
    ).toThrow(/x/);
  });

  it('shows a difference', () => {
    bed.run(({ provide, add, cold, expectJob, expectStep }) => {
      provide(Mail, { send: () => cold('2s #') });
      const added = add(Reviews, 'A');
      expectJob(added).toBe('(cd) 3d r 2s |', { d: { due: '4d' } });
    });
  });
});
