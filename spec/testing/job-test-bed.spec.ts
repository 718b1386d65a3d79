import { concatMap, defer, EMPTY, from, interval, map, NEVER, of, take, timer, type Observable } from 'rxjs';
import {
  addChildren,
  awaitChildren,
  checkpoint,
  delay,
  goto,
  Processor,
  Step,
  UnrecoverableError,
  type StepJob,
} from 'stepstream';
import { JobTestBed } from 'stepstream/testing';
import { container, injectable } from 'tsyringe';
import { processor } from '../support/processor.js';

@injectable()
class Mail {
  send(text: string): Observable<string> {
    return of(`${text} was really sent`);
  }
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
const bedOf = (steps: Parameters<typeof processor>[0], options?: Parameters<typeof processor>[1]): JobTestBed =>
  new JobTestBed({ processors: [processor(steps, options)] });

describe('JobTestBed.run', () => {
  it('draws a job that takes days as one line, with the payload of each event', () => {
    const job = bed.run(({ provide, add, cold, expectJob, expectStep }) => {
      provide(Mail, { send: () => cold('2s (a|)', { a: 'asked' }) });
      const added = add(Reviews, 'A');
      expectJob(added).toBe('(cd) 3d r 2s |', {
        c: { step: 'charge', visit: 1, emission: 'receipt of A', output: 'receipt of A' },
        d: { step: 'review', due: '3d', gates: ['delay'] },
        r: { step: 'review', machine: 'machine 1' },
        '|': { result: 'asked', step: 'review', visit: 2 },
      });
      expectStep(added, 'review').toBe('3d 2s (a|)', { a: 'asked' });
      return added;
    });
    expect(job).toMatchObject({
      state: 'completed',
      result: 'asked',
      outputs: { charge: 'receipt of A', review: 'asked' },
    });
  });

  it('without anything passed in it uses what the container has, with an instance for each machine', () => {
    const job = bed.run(({ add }) => add(Reviews, 'A'));
    expect(job.result).toBe('receipt of A was really sent');
  });

  it('takes an instance of the processor in place of the container', () => {
    const instance = new Reviews({ send: (text) => of(`${text} was not sent`) });
    const passedIn = new JobTestBed({ processors: [Reviews], instances: [[Reviews, instance]] });
    expect(passedIn.run(({ add }) => add(Reviews, 'A')).result).toBe('receipt of A was not sent');
    const provided = bed.run(({ provide, add }) => {
      provide(Reviews, instance);
      return add(Reviews, 'B');
    });
    expect(provided.result).toBe('receipt of B was not sent');
  });

  it('takes a container of any make, and what is passed in goes before what it has', () => {
    const resolver = { get: () => new Reviews(new Mail()) };
    const own = new JobTestBed({ processors: [Reviews], resolver });
    expect(own.run(({ add }) => add(Reviews, 'A')).result).toBe('receipt of A was really sent');
    const child = container.createChildContainer().register(Mail, { useValue: { send: () => of('child') } });
    const ofChild = new JobTestBed({ processors: [Reviews], resolver: child });
    expect(ofChild.run(({ add }) => add(Reviews, 'A')).result).toBe('child');
  });

  it('draws retries, failures, emissions and checkpoints, and what each has', () => {
    const flaky = bedOf({
      only: [
        { attempts: 3, backoff: 60_000 },
        (job) =>
          from([1, 2]).pipe(
            concatMap((n) => timer(1_000).pipe(map(() => n))),
            map((n) => {
              if (n === 2 && job.attemptsMade < 2) throw new Error(`no ${job.attemptsMade}`);
              return n;
            }),
          ),
      ],
    });
    flaky.run(({ add, expectJob, expectStep }) => {
      const job = add('work');
      const again = { type: 'retried', reason: 'no 1' };
      expectJob(job).toBe('1s c 1s x 1m r 1s c 1s y 1m r 1s c 1s |', {
        x: { reason: /^no 0$/, due: '1m 2s' },
        y: again,
      });
      expectStep(job, 'only').toBe('1s a 1s # 1m 1s a 1s # 1m 1s a 1s (b|)', { a: 1, b: 2 });
    });
    bedOf({
      only: () =>
        defer(() => {
          throw new UnrecoverableError('never');
        }),
    }).run(({ add, expectJob }) => {
      expectJob(add('work')).toBe('#', { '#': { reason: 'never', code: 'UNRECOVERABLE' } });
    });
  });

  it('draws parents and their children, who are added later', () => {
    @Processor('kids', { concurrency: 2 })
    class Kids {
      @Step() work(job: StepJob<number>) {
        return timer(job.data * 1_000).pipe(map(() => job.data * 10));
      }
    }
    @Processor('parents')
    class Parents {
      @Step() ask(job: StepJob<number[]>) {
        return from(job.data).pipe(awaitChildren((data) => ({ queue: Kids, name: 'kid', data })));
      }
      @Step() rest(_job: StepJob<number[]>, all: number[]) {
        return of(all).pipe(addChildren(() => ({ queue: Kids, name: 'kid', data: 9 })));
      }
    }
    new JobTestBed({ processors: [Parents, Kids] }).run(({ add, nth, expectJob }) => {
      expectJob(add(Parents, [1, 2, 3])).toBe('W 4s (rccw) 9s (r|)', {
        W: { type: 'waiting-children', children: expect.any(Number) },
        '|': { result: [10, 20, 30] },
      });
      expectJob(nth(Kids, 0)).toBe('1s |', { '|': { result: 10 } });
      expectJob(nth('kids', 2)).toBe('4s |');
      expectJob(nth(Kids, 3)).toBe('13s |');
    });
  });

  it('a job of thirty days with a loop of hourly visits costs milliseconds', () => {
    const polling = bedOf({
      poll: (_job, n = 0) =>
        of(n + 1).pipe(
          delay('1 hour'),
          goto((next) => (next < 720 ? 'poll' : undefined)),
        ),
    });
    expect(polling.run(({ add }) => add('work')).events).toHaveLength(720 * 3);
  });

  it('plays at any time of its own, and begins when it is told to', () => {
    const started = new JobTestBed({ processors: [Reviews], start: '2026-03-01T10:00:00Z' });
    started.run(({ add, at, expectJob }) => {
      at('1d', () => {
        const job = add(Reviews, 'A', { delay: 60_000, jobId: 'later' });
        expect(new Date(job.record!.timestamp)).toEqual(new Date('2026-03-02T10:00:00Z'));
        expectJob(job).toBe('1d 1m (cd) 3d (r|)');
      });
    });
  });

  it('W5: draws a job that is cancelled while it runs, or while it sleeps', () => {
    bed.run(({ add, at, cancel, expectJob }) => {
      const job = add(Reviews, 'A');
      at('1d', () => cancel(job, 'changed my mind'));
      expectJob(job).toBe('(cd) 1d !', { '!': { reason: 'changed my mind', code: 'JOB_CANCELLED' } });
    });
    bedOf({ only: () => NEVER }).run(({ add, at, cancel, expectJob }) => {
      const job = add('work');
      at('1h', () => cancel(job));
      expectJob(job).toBe('1h !');
    });
  });

  it('feeds dependencies with hot and cold marbles of any length, and asserts how they are subscribed', () => {
    bed.run(({ provide, add, cold, hot, time, expectJob, expectSubscriptions, expectObservable }) => {
      const mail = hot('4d a 3h (b|)');
      provide(Mail, { send: () => mail });
      expectJob(add(Reviews, 'A')).toBe('(cd) 3d r 1d c 3h 1ms |', { '|': { result: 'b' } });
      expectSubscriptions(mail.subscriptions).toBe('3d ^ 1d 2h 59m 59s 999ms - !');
      expectObservable(cold('1d (x|)')).toBe('1d (x|)');
      expect(time('1w')).toBe(604_800_000);
    });
  });

  it('stops where it is told to, for jobs that go on for ever', () => {
    const forever = bedOf({ tick: () => of(1).pipe(delay('1 day'), goto('tick')) });
    const job = forever.run(
      ({ add, expectJob }) => {
        const added = add('work');
        expectJob(added).toBe('d 1d (rcd) 1d (rcd) 1d (rcd)');
        return added;
      },
      { until: '3d' },
    );
    expect(job.state).toBe('delayed');
  });

  it('G4, W1: waits for rxjs timers that outlast leases, and for a step that times out', () => {
    bedOf({ only: [{ timeout: '1 hour' }, () => NEVER] }).run(({ add, expectJob }) => {
      expectJob(add('work')).toBe('1h #', { '#': { code: 'STEP_TIMEOUT' } });
    });
    bedOf({ only: () => interval(600_000).pipe(take(3)) }).run(({ add, expectJob }) => {
      expectJob(add('work')).toBe('10m c 10m c 10m |');
    });
  });

  it('several machines: W3: a spare one takes over when the first is lost, W4: or at once when it is stopped', () => {
    const slow = bedOf(
      {
        work: () =>
          timer(60_000).pipe(
            checkpoint(),
            concatMap(() => timer(60_000)),
          ),
      },
      { lockDuration: 30_000 },
    );
    slow.run(({ add, at, machine, expectJob }) => {
      const first = machine('first');
      machine('spare');
      expectJob(add('work')).toBe('1m c 35s (sr) 1m |', { r: { machine: 'spare' }, '|': { machine: 'spare' } });
      at('65s', () => first.lose());
      expect(first.lost).toBe(false);
    });
    slow.run(({ add, at, machine, expectJob }) => {
      const first = machine('first');
      machine('spare');
      expectJob(add('work')).toBe('1m c 15s (br) 1m |', {
        b: { machine: 'first' },
        r: { machine: 'spare' },
      });
      at('65s', () => void first.stop({ grace: '10 s' }));
    });
  });

  it('S10: draws a job that is put back, as the code does not know its name', () => {
    const picky = new JobTestBed({
      processors: [processor({ only: () => EMPTY }, { job: 'known', unknownStepGrace: 3_000 })],
    });
    picky.run(({ add, expectJob }) => {
      expectJob(add('work', 1, { name: 'known' })).toBe('|');
      expectJob(add('work', 1, { name: 'unknown' })).toBe('b 1s (rb) 2s (r#)', { '#': { code: 'UNKNOWN_JOB_NAME' } });
    });
  });

  it('has the rows of the log, and everything that happened, afterwards', () => {
    const job = bedOf({
      only: (each) => {
        each.log('a row');
        return of(1);
      },
    }).run(({ add }) => add('work'));
    expect(job.logs).toEqual(['a row']);
    expect(job.events).toEqual([
      { type: 'completed', at: 0, step: 'only', visit: 1, emission: 1, output: 1, result: 1, machine: 'machine 1' },
    ]);
  });

  it('each run has a store of its own', () => {
    expect([1, 2].map(() => bed.run(({ add }) => add(Reviews, 'A')).id)).toEqual(['1', '1']);
  });
});
