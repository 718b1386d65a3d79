import { concatMap, from, identity, map, of, race, tap, timer, toArray, type Observable } from 'rxjs';
import { awaitChildren, checkpoint, checkpointMap, delay, Processor, Step, type Class, type StepJob } from 'stepstream';
import { crashMatrix } from 'stepstream/testing';
import { injectable } from 'tsyringe';
import { processor } from '../support/processor.js';

@injectable()
class Payments {
  charge(order: string, _key?: string): Observable<string> {
    return of(`receipt of ${order}`);
  }
}

@injectable()
class Mail {
  send(text: string, _key?: string): Observable<string> {
    return of(text);
  }
}

@Processor('orders')
class Orders {
  constructor(
    private readonly payments: Payments,
    private readonly mail: Mail,
  ) {}

  @Step()
  charge(job: StepJob<string>) {
    return this.payments.charge(job.data, job.idempotencyKey);
  }

  @Step({ after: 'charge' })
  review(_job: StepJob<string>, receipt: string) {
    return of(receipt).pipe(
      delay('3 days'),
      concatMap((text) => this.mail.send(text)),
    );
  }
}

/** Made of one step, whose effects are counted by its argument. */
type Effect = <T>(label: string, value: T | Observable<T>, key?: string) => Observable<T>;

function matrixOf(step: (job: StepJob, effect: Effect) => unknown): ReturnType<typeof crashMatrix> {
  let effect!: Effect;
  const made: Class = processor({ only: (job) => step(job, (...args) => effect(...args)) });
  return crashMatrix(made, undefined as never, { world: (world) => void (effect = world.effect) });
}

describe('crashMatrix', () => {
  const matrix = crashMatrix(Orders, 'A', {
    world: ({ provide, spy, effect }) => {
      provide(Payments, spy('payments', new Payments()));
      provide(Mail, { send: (text: string) => effect('mail', text) });
    },
  });

  it('loses the worker before and after each write, and lets another take over at once and late', () => {
    expect(matrix.rows).toHaveLength(3 * 2 * 2);
    expect(matrix.rows.map(({ write, lost, takenOver }) => `${write} ${lost} ${takenOver}`).slice(0, 5)).toEqual([
      '1 before at once',
      '1 before late',
      '1 after at once',
      '1 after late',
      '2 before at once',
    ]);
    expect(matrix.calm).toMatchObject({ state: 'completed', outcome: 'receipt of A' });
  });

  it('an effect that runs again with the same idempotency key is safe, one without a key is not', () => {
    expect(matrix.rows[0]).toMatchObject({
      boundary: 'charge: checkpoint',
      repeated: [{ effect: 'payments.charge', times: 2, calmTimes: 1, key: 'same' }],
      unsafe: [],
    });
    expect(matrix.unsafe.map(({ write, lost, unsafe }) => [write, lost, ...unsafe])).toEqual([
      [3, 'before', 'mail ran again without an idempotency key'],
      [3, 'before', 'mail ran again without an idempotency key'],
    ]);
    expect(matrix.leaks).toEqual([]);
  });

  it('is a table that a person reads', () => {
    expect(String(matrix)).toBe(
      `Orders: 3 writes, 16 plans, 2 of 12 unsafe; without a crash completed: "receipt of A"

write  boundary            lost    taken over     outcome   ran again                            verdict
-----  ------------------  ------  -------------  --------  -----------------------------------  -------------------------------------------------
1      charge: checkpoint  before  at once, late  the same  payments.charge ×2 for 1 (same key)  safe
1      charge: checkpoint  after   at once, late  the same  -                                    safe
2      review: delayed     before  at once, late  the same  -                                    safe
2      review: delayed     after   at once, late  the same  -                                    safe
3      review: completed   before  at once, late  the same  mail ×2 for 1 (no key)               UNSAFE: mail ran again without an idempotency key
3      review: completed   after   at once, late  the same  -                                    safe`,
    );
  });

  it('a key that is another one after the crash is told', () => {
    let keys = 0;
    const { unsafe } = matrixOf((_job, effect) => effect('pay', 1, `key-${keys++}`).pipe(checkpoint()));
    expect(unsafe[0]!.unsafe).toEqual(['pay ran again with another key']);
  });

  it('idempotencyKeyFor and the keys of checkpointMap are stable', () => {
    const { unsafe } = matrixOf((job, effect) =>
      from([1, 2, 3]).pipe(
        checkpointMap((n, _index, key) => effect(`item ${n}`, n, key)),
        toArray(),
        concatMap((all) => effect('sum', all.length, job.idempotencyKeyFor('sum'))),
      ),
    );
    expect(unsafe).toEqual([]);
  });

  it('G9: shows that a choice by time must be saved before it is acted on: else a late worker acts on another one, too', () => {
    const choose = (isSaved: boolean) => (job: StepJob, effect: Effect) => {
      const slow = of('slow').pipe(delay('2 hours'));
      const fast = of('fast').pipe(delay('1 hour'));
      return race(slow, fast).pipe(
        isSaved ? checkpoint() : identity,
        concatMap((winner) => effect(`act on ${winner}`, winner, job.idempotencyKey)),
        delay('1 hour'),
      );
    };
    const actedOnBoth = (isSaved: boolean): readonly string[] =>
      matrixOf(choose(isSaved))
        .rows.filter(({ others, skipped }) => others.length > 0 && skipped.length === 0)
        .map(({ write, lost, takenOver, unsafe }) => `${write} ${lost}, ${takenOver}: ${unsafe.join()}`);
    expect(actedOnBoth(true)).toEqual([]);
    expect(actedOnBoth(false)).toEqual(['2 before, late: another outcome,act on slow runs only after a crash']);
  });

  it('children are lost and taken over too', () => {
    @Processor('kids', { concurrency: 2 })
    class Kids {
      @Step() work(job: StepJob<number>) {
        return timer(5).pipe(map(() => job.data * 10));
      }
    }
    @Processor('parents')
    class Parents {
      @Step() ask() {
        return of(1, 2).pipe(awaitChildren((data) => ({ queue: Kids, name: 'kid', data })));
      }
    }
    const family = crashMatrix(Parents, undefined as never, { processors: [Kids] });
    expect(family.calm.outcome).toEqual([10, 20]);
    expect(family.unsafe).toEqual([]);
    expect(() => crashMatrix(Parents, undefined as never)).toThrow(
      'without a crash, the job of Parents stays waiting-children: give the processors of its children too',
    );
  });

  it('a job that fails is as good as one that completes, when it always fails alike', () => {
    const failing = matrixOf(() =>
      of(1).pipe(
        checkpoint(),
        map(() => {
          throw new Error('no');
        }),
      ),
    );
    expect(failing.calm).toMatchObject({ state: 'failed', outcome: 'no' });
    expect(failing.unsafe).toEqual([]);
  });

  it('a promise in the stream is told of', () => {
    expect(() => matrixOf(async () => 1)).toThrow('job 1 of queue work is still active in step only');
  });
});

describe('state that a resumed job does not find', () => {
  it('in a field of the instance', () => {
    @Processor('fields')
    class Fields {
      #receipt = 'none';
      @Step() charge() {
        return of('receipt').pipe(tap((receipt) => (this.#receipt = receipt)));
      }
      @Step() ship() {
        return of(`with ${this.#receipt}`);
      }
    }
    const { leaks, unsafe } = crashMatrix(Fields, undefined as never);
    expect(leaks).toEqual([
      'state in instance fields: resumed in a fresh instance after every write, the job came to completed with "with none" after no effects, not completed with "with receipt" after no effects',
    ]);
    expect(unsafe.map(({ write, lost }) => `${write} ${lost}`)).toContain('1 after');
  });

  it('in a variable of the step method, above a delay, where every run loses it', () => {
    const { leaks, unsafe } = matrixOf(() => {
      let total = 0;
      return of(5).pipe(
        tap((n) => (total += n)),
        delay('1 day'),
        map(() => total),
      );
    });
    expect(unsafe).toEqual([]);
    expect(leaks).toEqual([
      'state in variables of a step: had it never left its worker, the job would have come to completed with 5 after no effects, not completed with 0 after no effects',
    ]);
  });

  it('in a variable of the step method, above a checkpoint, where only a crash loses it', () => {
    const { leaks } = matrixOf(() => {
      let total = 0;
      return of(5).pipe(
        tap((n) => (total += n)),
        checkpoint(),
        map(() => total),
      );
    });
    expect(leaks).toHaveLength(1);
    expect(leaks[0]).toMatch(
      /^state in variables, or a choice that was not saved: resumed in a fresh instance after every write/,
    );
  });

  it('in the module', () => {
    const sent = new Set<string>();
    const { leaks } = matrixOf((job, effect) =>
      sent.has(job.id) ? of('again') : (sent.add(job.id), effect('send', 'sent')),
    );
    expect(leaks[0]).toMatch(
      /^state in the module: run a second time, the job came to completed with "again" after no effects/,
    );
  });
});
