/** The snippets of docs/testing.md, run. `what docs/testing.md shows` holds that they are the same. */
import { readFileSync } from 'node:fs';
import { concatMap, defer, from, map, of, tap, type Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { awaitChildren, checkpoint, delay, Processor, Step, type StepJob } from 'stepstream';
import { crashMatrix, fakeStepJob, JobTestBed } from 'stepstream/testing';
import { injectable } from 'tsyringe';

const guide = readFileSync('docs/testing.md', 'utf8');
const blocks = [...guide.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
  language,
  text: text!,
}));

interface Order {
  readonly id: string;
  readonly parcels: readonly string[];
}

@injectable()
class Payments {
  charge(order: Order, _key: string): Observable<string> {
    return of(`receipt of ${order.id}`);
  }
}

@injectable()
class Mail {
  askForReview(order: Order): Observable<string> {
    return of(`asked for a review of ${order.id}`);
  }
}

@Processor('parcels', { concurrency: 10 })
class Parcels {
  @Step() ship(job: StepJob<string>) {
    return of(`tracking ${job.data}`);
  }
}

@Processor('orders')
class Orders {
  constructor(
    private readonly payments: Payments,
    private readonly mail: Mail,
  ) {}

  @Step({ attempts: 3, backoff: 60_000 })
  charge(job: StepJob<Order>) {
    return this.payments.charge(job.data, job.idempotencyKey);
  }

  @Step({ after: 'charge' })
  ship(job: StepJob<Order>, _receipt: string) {
    return from(job.data.parcels).pipe(awaitChildren((data) => ({ queue: Parcels, name: 'parcel', data })));
  }

  @Step({ after: 'ship' })
  review(job: StepJob<Order>, _tracking: string[]) {
    return of('').pipe(
      delay('3 days'),
      concatMap(() => this.mail.askForReview(job.data)),
    );
  }
}

const order: Order = { id: 'A', parcels: ['books', 'lamp'] };
const bed = new JobTestBed({ processors: [Orders, Parcels] });

describe('one step', () => {
  it('asks for a review after three days', () => {
    const scheduler = new TestScheduler((received, expected) => expect(received).toEqual(expected));
    scheduler.run(({ cold, expectObservable }) => {
      const orders = new Orders(new Payments(), { askForReview: () => cold('2s (a|)', { a: 'asked' }) });
      const review$ = fakeStepJob(order, {}, (job) => orders.review(job, []));
      expectObservable(review$).toBe('259202s (a|)', { a: 'asked' }); // TestScheduler knows no days
    });
  });

  it('goes on below a gate that was saved, with what the steps before have left', () => {
    const scheduler = new TestScheduler((received, expected) => expect(received).toEqual(expected));
    scheduler.run(({ expectObservable }) => {
      const orders = new Orders(new Payments(), { askForReview: ({ id }) => of(`asked for ${id}`) });
      const behind = { gates: [{ values: [''], due: '1h' }], outputs: { charge: 'receipt' } };
      const review$ = fakeStepJob(order, behind, (job) => orders.review(job, []));
      expectObservable(review$).toBe('3600s (a|)', { a: 'asked for A' });
    });
  });
});

describe('a whole job', () => {
  it('charges, ships, and asks for a review after three days', () => {
    bed.run(({ provide, cold, add, expectJob }) => {
      provide(Payments, { charge: () => cold('2s (r|)', { r: 'receipt' }) });
      provide(Mail, { askForReview: () => of('asked') });
      const job = add(Orders, order);
      expectJob(job).toBe('2s (cwrCd) 3d (r|)', {
        c: { step: 'charge', output: 'receipt' },
        C: { type: 'checkpoint', step: 'ship', output: ['tracking books', 'tracking lamp'] },
        d: { due: '3d 2s' },
        '|': { result: 'asked' },
      });
    });
  });

  it('tries a payment service that is down again, twice', () => {
    const job = bed.run(({ provide, cold, add, expectJob, expectStep }) => {
      provide(Payments, { charge: () => cold('1s #', {}, new Error('down')) });
      const added = add(Orders, order);
      expectJob(added).toBe('1s x 1m r 1s x 1m r 1s #', { x: { reason: 'down' } });
      expectStep(added, 'charge').toBe('1s # 1m 1s # 1m 1s #');
      return added;
    });
    expect(job.failedReason).toBe('down');
  });

  it('is taken over by another machine when its own is lost', () => {
    bed.run(({ provide, cold, add, at, machine, expectJob, nth }) => {
      provide(Payments, { charge: () => cold('1m (r|)', { r: 'receipt' }) });
      const first = machine('first');
      machine('second');
      at('30s', () => first.lose());
      expectJob(add(Orders, order)).toBe('40s (sr) 1m (cwrcd) 3d (r|)', { r: { machine: 'second' } });
      expectJob(nth(Parcels, 1)).toBe('1m 40s |', { '|': { result: 'tracking lamp' } });
    });
  });

  it('is read like this when it went another way', () => {
    const wrong = (): unknown =>
      bed.run(({ add, expectJob }) => {
        expectJob(add(Orders, order)).toBe('(cwrcd) 7d (r|)', { '|': { result: 'asked' } });
      });
    expect(wrong).toThrow(textAfter('A line that differs prints'));
  });
});

describe('code made of promises', () => {
  @Processor('imports')
  class Imports {
    @Step() async load(job: StepJob<string>) {
      await Promise.resolve();
      return job.data.length;
    }
    @Step({ after: 'load' }) report(_job: StepJob<string>, length: number) {
      return of(length).pipe(
        delay('3 days'),
        concatMap(async (value) => `${value} characters`),
      );
    }
  }

  it('runs with time that passes as it is told', async () => {
    const imports = new JobTestBed({ processors: [Imports] });
    const job = imports.add(Imports, 'text');
    await imports.advance('2 days');
    expect(job.state).toBe('delayed');
    await imports.settled(job);
    expect(job.result).toBe('4 characters');
    imports.expectJob(job).toBe('(cd) 3d (r|)');
  });

  it('is told of in virtual time', () => {
    const imports = new JobTestBed({ processors: [Imports] });
    expect(() => imports.run(({ add }) => add(Imports, 'text'))).toThrow(
      'job 1 of queue imports is still active in step load',
    );
  });
});

describe('crashes', () => {
  it('at no boundary charge or mail twice', () => {
    const matrix = crashMatrix(Orders, order, {
      processors: [Parcels],
      world: ({ provide, spy, effect }) => {
        provide(Payments, spy('payments', new Payments()));
        provide(Mail, { askForReview: () => effect('mail', 'asked') });
      },
    });
    expect(String(matrix)).toBe(textAfter('prints the matrix').trimEnd());
    expect(matrix.unsafe.map(({ boundary, lost }) => `${lost} ${boundary}`)).toContain('before review: completed');
    expect(matrix.leaks).toEqual([]);
  });

  it('find what a step keeps in variables', () => {
    @Processor('counts')
    class Counts {
      @Step() count() {
        let total = 0;
        return of(1, 2).pipe(
          tap((n) => (total += n)),
          delay('1 day'),
          map(() => total), // 0: the job has resumed, in a new call of the method
        );
      }
    }
    expect(crashMatrix(Counts, undefined as never).leaks).toEqual([
      expect.stringContaining('state in variables of a step'),
    ]);
  });
});

describe('deployments', () => {
  @Processor('orders')
  class NextOrders {
    @Step() charge(): Observable<string> {
      return defer(() => {
        throw new Error('charged already');
      });
    }
    @Step({ was: ['review'] }) ask(job: StepJob<Order>) {
      return of('').pipe(
        delay('1 hour'), // a length that is changed doesn't move a due time that was saved
        checkpoint(), // a gate that is added stands behind those that were there
        map(() => `asked for a review of ${job.data.id}, in a new way`),
      );
    }
  }

  it('let a job that sleeps resume in the new code', () => {
    const before = new JobTestBed({ processors: [Orders, Parcels], start: '2026-03-01' });
    const stored = before.run(({ add }) => add(Orders, order), { until: '1d' }).save();

    const after = new JobTestBed({ processors: [NextOrders], start: stored.at });
    after.run(({ load, expectJob }) => {
      expectJob(load(stored)).toBe('2d (rc|)', { '|': { result: 'asked for a review of A, in a new way' } });
    });
  });
});

describe('what docs/testing.md shows', () => {
  const source = readFileSync(__filename, 'utf8');

  it.each(blocks.filter(({ language }) => language === 'ts').map(({ text }) => [text.split('\n')[0], text]))(
    'is run here: %s',
    (_, text) => {
      expect(unindented(source)).toContain(unindented(text));
    },
  );
});

/** The text block of the guide that follows these words. */
function textAfter(words: string): string {
  return /^```text\n([\s\S]*?)^```$/m.exec(guide.slice(guide.indexOf(words)))![1]!.trimEnd();
}

function unindented(text: string): string {
  return text.replace(/^ +/gm, '').trim();
}
