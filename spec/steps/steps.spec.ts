import { EventEmitter, once } from 'node:events';
import {
  NEVER,
  Observable,
  Subject,
  concat,
  concatMap,
  defer,
  firstValueFrom,
  from,
  map,
  merge,
  observable,
  of,
  tap,
  throwError,
} from 'rxjs';
import {
  Processor,
  Step,
  UnrecoverableError,
  checkpoint,
  delay,
  type Backoff,
  type JobOptions,
  type StepJob,
  type StepOptions,
} from 'stepstream';
import { processor, type Steps } from '../support/processor.js';
import type { SpyEngine } from '../support/spy-engine.js';
import { World, start, type Machine } from '../support/world.js';

/** What the writes to the store were: method, and names of the fields that they touch. */
function writesOf(spy: SpyEngine): readonly string[] {
  return spy.writes.map(({ method, write }) => [method, ...[...(write.fields?.keys() ?? [])].sort()].join(' '));
}

/** What was published to watchers: emission and count of each progress. */
function published(spy: SpyEngine): readonly (readonly [emission: unknown, count: number])[] {
  return spy.writes
    .filter(({ write }) => write.progress !== undefined)
    .map(({ write }) => {
      const { emission, count } = JSON.parse(write.progress!);
      return [emission, count];
    });
}

/** Runs one job of these steps to its end; answers its result. */
async function resultOf(steps: Steps, data?: unknown, opts?: JobOptions): Promise<unknown> {
  const w = await start([processor(steps)]);
  return w.until((await w.add(data, opts)).result());
}

describe('S1: order', () => {
  it('S1: steps run in declaration order, each with the output of the step before, the first with undefined', async () => {
    const heard: unknown[] = [];
    const note = (output: unknown) => (job: StepJob, input: unknown) => {
      heard.push([job.step, input]);
      return of(output);
    };
    const steps = { charge: note('receipt'), ship: note(['tracking']), review: note({ stars: 5 }) };
    await expect(resultOf(steps)).resolves.toEqual({ stars: 5 });
    expect(heard).toEqual([
      ['charge', undefined],
      ['ship', 'receipt'],
      ['review', ['tracking']],
    ]);
  });

  it("S1: a base class's steps come first, and an overridden step keeps the base's place", async () => {
    const ran: string[] = [];
    class Base {
      @Step()
      open(): Observable<string> {
        ran.push('Base.open');
        return of('opened');
      }
      @Step()
      check(): Observable<string> {
        ran.push('Base.check');
        return of('checked by base');
      }
    }
    @Processor('inherited')
    class Derived extends Base {
      @Step()
      close(job: StepJob, input: string): Observable<string> {
        ran.push(`Derived.close ${input}`);
        return of(`closed after ${String(job.outputs['open'])}`);
      }
      @Step()
      override open(): Observable<string> {
        ran.push('Derived.open');
        return super.open();
      }
    }
    const w = await start([Derived]);
    await expect(w.until((await w.add()).result())).resolves.toBe('closed after opened');
    expect(ran).toEqual(['Derived.open', 'Base.open', 'Base.check', 'Derived.close checked by base']);
  });

  it('S1: an override without @Step is still the step of the base', async () => {
    class Base {
      @Step()
      only(): Observable<string> {
        return of('base');
      }
    }
    @Processor('overridden')
    class Derived extends Base {
      override only(): Observable<string> {
        return of('derived');
      }
    }
    const w = await start([Derived]);
    await expect(w.until((await w.add()).result())).resolves.toBe('derived');
  });

  it('S1: job.outputs holds the last output of every finished step by name, whatever the names', async () => {
    const heard: unknown[] = [];
    const note = (output: unknown) => (job: StepJob) => {
      heard.push({ ...job.outputs });
      return of('earlier', output);
    };
    await resultOf(<Steps>{ valueOf: note(1), toString: note(undefined), last: note('three') });
    const expected: unknown[] = [{}, { valueOf: 1 }, { valueOf: 1 }];
    expect(heard).toEqual(expected);
  });
});

describe('S2: output', () => {
  it("S2: a step's output is the last value that it emitted, undefined when it emitted none", async () => {
    await expect(resultOf({ only: () => of(1, 2, 3) })).resolves.toBe(3);
    await expect(resultOf({ only: () => from([]) })).resolves.toBeUndefined();
    await expect(resultOf({ only: () => of(1, undefined) })).resolves.toBeUndefined();
  });

  it.each<[string, () => unknown]>([
    ['a promise', async () => 'value'],
    // oxlint-disable-next-line unicorn/no-thenable -- that is the case
    ['a thenable', () => ({ then: (resolve: (value: string) => void) => resolve('value') })],
    [
      'an async generator',
      async function* () {
        yield 'earlier';
        yield 'value';
      },
    ],
    [
      'an async iterable',
      () => ({
        [Symbol.asyncIterator]: () => ({
          left: ['earlier', 'value'],
          async next() {
            const value = this.left.shift();
            return { value, done: value === undefined };
          },
        }),
      }),
    ],
    [
      'an object with only subscribe',
      () => ({
        subscribe(observer: { next(value: string): void; complete(): void }) {
          observer.next('value');
          observer.complete();
          return { unsubscribe: () => {} };
        },
      }),
    ],
    ['an object with Symbol.observable', () => ({ [observable]: () => of('value') })],
    ['an Observable', () => of('value')],
  ])('S2: a step may return %s', async (_, method) => {
    await expect(resultOf({ only: method })).resolves.toBe('value');
  });

  it('S2: what an object with only subscribe returns is its teardown', async () => {
    const torn: string[] = [];
    const endless = (name: string, teardown: (() => void) | { unsubscribe(): void }) => () => ({
      subscribe: () => (torn.push(`${name} subscribed`), teardown),
    });
    const w = await start([
      processor({ only: [{ timeout: 10 }, endless('a', () => torn.push('a torn'))] }, { queue: 'a' }),
      processor({ only: [{ timeout: 10 }, endless('b', { unsubscribe: () => torn.push('b torn') })] }, { queue: 'b' }),
    ]);
    await w.app.queue('a').add('job', undefined);
    await w.app.queue('b').add('job', undefined);
    await w.pass(10);
    expect(torn.sort()).toEqual(['a subscribed', 'a torn', 'b subscribed', 'b torn']);
  });

  it.each([
    ['an array', [1, 2]],
    ['a value of type string', 'text'],
    ['a value of type number', 7],
    ['a value of type object', { subscribe: 'not a function' }],
    ['a value of type function', () => of(1)],
    ['nothing', undefined],
    ['null', null],
  ])('S2: %s is a StepReturnError', async (description, returned) => {
    await expect(resultOf({ only: () => returned })).rejects.toMatchObject({
      code: 'STEP_RETURN',
      message: expect.stringContaining(`step only returned ${description}`),
    });
  });
});

describe('S3: emissions are saved', () => {
  it('S3: what arrives while a write is under way travels in the next one: the newest, with their count', async () => {
    const source = new Subject<string>();
    const w = await start([processor({ only: () => source })]);
    const held = w.spy.hold();
    await w.add();
    await w.settle();
    source.next('a');
    await w.settle();
    for (const value of ['b', 'c', 'd']) source.next(value);
    await w.settle();
    expect(published(w.spy)).toEqual([['a', 1]]);
    held.release();
    await w.settle();
    expect(published(w.spy)).toEqual([
      ['a', 1],
      ['d', 3],
    ]);
    source.next('e');
    source.complete();
    held.release();
    await w.settle();
    expect(published(w.spy)).toEqual([
      ['a', 1],
      ['d', 3],
      ['e', 1],
    ]);
    expect(writesOf(w.spy)).toEqual(['checkpoint e', 'checkpoint e', 'complete e o:only']);
  });

  it('S3: what is emitted in one go is one write', async () => {
    const source = new Subject<number>();
    const w = await start([processor({ only: () => source })]);
    await w.add();
    await w.settle();
    for (let i = 1; i <= 50; i++) source.next(i);
    await w.settle();
    expect(published(w.spy)).toEqual([[50, 50]]);
  });

  it('S3: one write at a time, in order, whatever the steps, gates and emissions do', async () => {
    const source = new Subject<number>();
    const w = await start([
      processor({
        emit: () => source,
        gates: (_, n) => merge(of(n).pipe(checkpoint()), of(n + 1).pipe(checkpoint()), w.timer(3)),
        last: () => concat(of('x'), w.timer(1), of('y')),
      }),
    ]);
    w.spy.slow(10);
    let underWay = 0;
    let most = 0;
    const slow = w.spy.around;
    w.spy.around = (call, proceed) => {
      const answer = slow(call, proceed);
      if (!call.write) return answer;
      most = Math.max(most, ++underWay);
      return Promise.resolve(answer).finally(() => underWay--);
    };
    const job = await w.add();
    await w.settle();
    for (let i = 0; i < 20; i++) {
      source.next(i);
      await w.pass(3);
    }
    source.complete();
    await expect(w.until(job.result())).resolves.toBe('y');
    expect(most).toBe(1);
    expect(w.spy.writes.map(({ write }) => write.seq)).toEqual(w.spy.writes.map((_, index) => index + 1));
  });

  it('S3: the stream does not wait for a write', async () => {
    const heard: number[] = [];
    const w = await start([
      processor({ only: () => concat(of(1), w.timer(5).pipe(map(() => 2))).pipe(tap((n) => heard.push(n))) }),
    ]);
    w.spy.hold();
    await w.add();
    await w.pass(5);
    expect(heard).toEqual([1, 2]);
    expect(writesOf(w.spy)).toEqual(['checkpoint e']);
  });

  it('S3: checkpoint() holds an effect back until the write is acknowledged', async () => {
    const effects: string[] = [];
    const w = await start([
      processor({
        only: () =>
          of('a').pipe(
            checkpoint(),
            tap((value) => effects.push(value)),
          ),
      }),
    ]);
    const held = w.spy.hold();
    await w.add();
    await w.settle();
    expect(effects).toEqual([]);
    held.release();
    await w.settle();
    expect(effects).toEqual(['a']);
  });

  it('S3: an emission of more than 8 KiB is published by its size', async () => {
    const w = await start([processor({ only: () => of('x'.repeat(9_000)) })]);
    await w.until((await w.add()).result());
    expect(JSON.parse(w.spy.writes[0]!.write.progress!)).toEqual({
      step: 'only',
      visit: 1,
      bytes: 9_002,
      count: 1,
      at: w.clock.now(),
    });
  });

  it.each([1, undefined, null, '', { nested: [true] }])('S3: %j is published as it was emitted', async (value) => {
    const w = await start([processor({ only: () => of(value) })]);
    const job = await w.add();
    const first = firstValueFrom(job.progress$);
    await w.until(job.result());
    const progress = await first;
    expect(progress.emission).toEqual(value);
    expect('emission' in progress).toBe(value !== undefined);
  });
});

describe('S4: advance', () => {
  it.each<[string, () => unknown]>([
    ['at once', () => of('value')],
    ['later', () => new Promise((resolve) => setImmediate(() => resolve('value')))],
    ['never', () => from([])],
  ])('S4: a step that emits once costs one write, when it emits %s', async (_, method) => {
    const w = await start([processor({ first: method, second: method, third: method })]);
    const job = await w.add();
    await w.when(() => w.get(job).state === 'completed');
    expect(w.spy.writes.map(({ method: call }) => call)).toEqual(['checkpoint', 'checkpoint', 'complete']);
  });

  it("S4: a step's completion is one write of last emission, output, gates cleared, and the cursor on the next step", async () => {
    const w = await start([
      processor({ first: () => of('gated').pipe(checkpoint(), checkpoint({ key: 'k' })), second: () => NEVER }),
    ]);
    await w.add();
    await w.settle();
    const last = w.spy.writes.at(-1)!;
    expect(last.method).toBe('checkpoint');
    expect(last.write.fields).toEqual(
      new Map([
        ['o:first', '"gated"'],
        ['g:0', null],
        ['g:=k', null],
      ]),
    );
    expect(JSON.parse(last.write.progress!)).toMatchObject({ step: 'first', emission: 'gated', count: 1 });
    expect(JSON.parse(last.write.cursor!)).toMatchObject({ s: 'second', v: 2 });
  });

  it('S4: the next step is subscribed only after the store has acknowledged the completion', async () => {
    const subscribed: string[] = [];
    const step = (job: StepJob) => defer(() => (subscribed.push(job.step), of(1)));
    const w = await start([processor({ first: step, second: step, third: step })]);
    const held = w.spy.hold();
    const job = await w.add();
    await w.settle();
    expect(subscribed).toEqual(['first']);
    await w.pass(2_000);
    expect(subscribed).toEqual(['first']);
    held.release();
    await w.settle();
    expect(subscribed).toEqual(['first', 'second']);
    held.release();
    await w.settle();
    held.release();
    await w.until(job.result());
    expect(subscribed).toEqual(['first', 'second', 'third']);
  });

  it("S4: the last step's completion and the job's are one write", async () => {
    const w = await start([processor({ first: () => of(1), last: () => of('result') })]);
    await w.until((await w.add()).result());
    expect(writesOf(w.spy)).toEqual(['checkpoint o:first', 'complete o:last']);
    expect(w.spy.writes.at(-1)!.args[2]).toBe('"result"');
  });

  it('S4: a step that completes while its emission is being written is not finished by that write', async () => {
    const source = new Subject<string>();
    const w = await start([processor({ first: () => source, second: () => NEVER })]);
    const held = w.spy.hold();
    const job = await w.add();
    await w.settle();
    source.next('a');
    await w.settle();
    source.complete();
    held.release();
    await w.settle();
    expect(writesOf(w.spy)).toEqual(['checkpoint e', 'checkpoint e o:first']);
    held.release();
    await w.settle();
    expect(w.get(job).checkpoint!.fields).toEqual(new Map([['o:first', '"a"']]));
  });
});

describe('S5: what was stored is what you get', () => {
  it('S5: a Date is its text for the next step, on the first run as after a resume', async () => {
    const heard: unknown[] = [];
    let failures = 1;
    const steps = {
      first: () => of({ at: new Date(0), none: undefined }),
      second: [
        { attempts: 2 },
        (_: StepJob, input: unknown) => {
          heard.push(input);
          return failures-- > 0 ? throwError(() => new Error('once')) : of(input);
        },
      ],
    } as const;
    const stored = { at: '1970-01-01T00:00:00.000Z' };
    await expect(resultOf(steps)).resolves.toEqual(stored);
    expect(heard).toStrictEqual([stored, stored]);
  });

  it('S5: what happens to an object after its emission changes nothing', async () => {
    const emitted = { n: 1 };
    const steps: Steps = {
      first: () => of(emitted).pipe(tap({ complete: () => (emitted.n = 2) })),
      second: (job: StepJob, input: { n: number }) => {
        input.n += 10;
        return of([input, job.outputs['first']]);
      },
      third: (job: StepJob, input: unknown) => of([input, job.outputs['first']]),
    };
    await expect(resultOf(steps)).resolves.toEqual([[{ n: 11 }, { n: 1 }], { n: 1 }]);
  });

  it('S5: undefined stays undefined', async () => {
    const heard: unknown[] = [];
    const steps = {
      first: () => of(undefined),
      second: (job: StepJob, input: unknown) => {
        heard.push(input, job.data);
        return of(input).pipe(
          checkpoint(),
          map((value) => value === undefined),
        );
      },
    };
    await expect(resultOf(steps)).resolves.toBe(true);
    expect(heard).toEqual([undefined, undefined]);
  });

  it('S5: what a step does to job.data is not seen in the next, nor after a retry', async () => {
    let failures = 1;
    const steps = {
      first: [
        { attempts: 2 },
        (job: StepJob<{ items: number[] }>) => {
          expect(job.data).toBe(job.data);
          job.data.items.push(2);
          return failures-- > 0 ? throwError(() => new Error('once')) : of(job.data.items.length);
        },
      ],
      second: (job: StepJob<{ items: number[] }>, length: number) => of([length, job.data.items]),
    } as const;
    await expect(resultOf(steps, { items: [1] })).resolves.toEqual([2, [1]]);
  });

  it.each([
    ['NaN', NaN, '$'],
    ['a Map in an object', { deep: [new Map()] }, '$.deep[0]'],
    ['a BigInt', 1n, '$'],
    ['a symbol', Symbol('s'), '$'],
  ])('S5: %s, which JSON would lose, fails the job with the step and the path', async (_, value, path) => {
    const failing = resultOf({ lossy: () => of(value) });
    await expect(failing).rejects.toMatchObject({ code: 'UNSERIALIZABLE_VALUE' });
    await expect(failing).rejects.toThrow(`an emission of step lossy can't be stored: the value at ${path} is`);
  });
});

describe('S6: resume', () => {
  it('S6: a paging import goes on at its last saved cursor; job.saved stays what it was', async () => {
    const asked: unknown[] = [];
    const saved: unknown[] = [];
    const page = (job: StepJob, cursor: number) =>
      defer(() => {
        asked.push(cursor);
        saved.push(job.saved);
        return cursor === 3 && asked.length === 4 ? throwError(() => new Error('page 3')) : of({ next: cursor + 1 });
      });
    const steps = {
      load: [
        { attempts: 2 },
        (job: StepJob) => {
          const first = (job.saved as { next: number } | undefined)?.next ?? 0;
          return concat(...[0, 1, 2, 3, 4].slice(first).map((n) => concat(page(job, n), checkedTurn())));
        },
      ],
    } as const;
    // a return to the event loop, so that each page is saved by itself
    const checkedTurn = () =>
      from(
        once(
          new EventEmitter().on('newListener', (_, listener) => setImmediate(() => listener())),
          'turn',
        ),
      ).pipe(concatMap(() => []));
    await expect(resultOf(steps)).resolves.toEqual({ next: 5 });
    expect(asked).toEqual([0, 1, 2, 3, 3, 4]);
    expect(saved).toEqual([undefined, undefined, undefined, undefined, { next: 3 }, { next: 3 }]);
  });

  it('S6: the step that was reached is called with the same input; finished steps never run again', async () => {
    const world = new World();
    const called: unknown[] = [];
    const steps = {
      first: () => (called.push('first'), of({ receipt: 1 })),
      second: (_: StepJob, input: unknown) => (called.push(input), called.length < 4 ? NEVER : of('done')),
      third: (_: StepJob, input: unknown) => (called.push(input), of(input)),
    };
    const one = await world.machine([processor(steps)]);
    const job = await one.add();
    await world.settle();
    await world.until(one.app.close({ grace: 0 }));
    const two = await world.machine([processor(steps)]);
    await world.settle();
    two.spy.die();
    await world.machine([processor(steps)]);
    await expect(world.until(job.result())).resolves.toBe('done');
    expect(called).toEqual(['first', { receipt: 1 }, { receipt: 1 }, { receipt: 1 }, 'done']);
  });

  it('S6: what the stream emits again is saved again; without a new emission the saved one is the output', async () => {
    const world = new World();
    const source = new Subject<string>();
    const one = await world.machine([processor({ only: () => source })]);
    const job = await one.add();
    await world.settle();
    source.next('saved');
    await world.settle();
    one.spy.die();
    await world.machine([processor({ only: () => from([]) })]);
    await expect(world.until(job.result())).resolves.toBe('saved');
  });

  it("S6: job.saved is empty in the next step, and is not another step's", async () => {
    const saved: unknown[] = [];
    const step = (job: StepJob) => (saved.push(job.saved), of(job.step));
    await resultOf({ first: step, second: step });
    expect(saved).toEqual([undefined, undefined]);
  });
});

describe('S8: idempotency keys', () => {
  /** Notes the keys of each call of a step. */
  function keyed(fail: (call: number) => boolean = () => false) {
    const keys: string[] = [];
    const step = (job: StepJob) => {
      keys.push(job.idempotencyKey);
      return fail(keys.length) ? throwError(() => new Error('again')) : of(1);
    };
    return { keys, step };
  }

  it('S8: the key is 22 characters of base64url, and the same on every retry of the visit', async () => {
    const { keys, step } = keyed((call) => call < 3);
    await resultOf({ only: [{ attempts: 3 }, step] });
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[\w-]{22}$/);
  });

  it('S8: the key is the same after a crash', async () => {
    const world = new World();
    const keys: string[] = [];
    const step = (job: StepJob) => (keys.push(job.idempotencyKey), keys.length === 1 ? NEVER : of(1));
    const one = await world.machine([processor({ only: step })]);
    const job = await one.add();
    await world.settle();
    one.spy.die();
    await world.machine([processor({ only: step })]);
    await world.until(job.result());
    expect(keys).toHaveLength(2);
    expect(keys[1]).toBe(keys[0]);
  });

  it('S8: the key differs per visit, job, queue, prefix, and when an id is used again', async () => {
    const { keys, step } = keyed();
    const steps = { first: step, second: step };
    const w = await start([processor(steps), processor(steps, { queue: 'other' })]);
    const opts = { jobId: 'own', removeOnComplete: true };
    await w.until((await w.add(undefined, opts)).result());
    await w.pass(1);
    await w.until((await w.add(undefined, opts)).result());
    await w.until((await w.app.queue('other').add('job', undefined, opts)).result());
    await w.until((await w.add(undefined, { timestamp: w.clock.now() })).result());
    const elsewhere = await start([processor(steps)], { prefix: 'mine' });
    await elsewhere.until((await elsewhere.add(undefined, opts)).result());
    expect(keys).toHaveLength(10);
    expect(new Set(keys).size).toBe(10);
  });

  it('S8: a job of the same prefix, queue, id, timestamp, run and visit has the same key in any process', async () => {
    const { keys, step } = keyed();
    for (let i = 0; i < 2; i++) {
      const w = await start([processor({ only: step })]);
      await w.until((await w.add(undefined, { jobId: 'own', timestamp: 5 })).result());
    }
    expect(keys[1]).toBe(keys[0]);
  });

  it('S8: a retry of a completed job is a new run, with new keys', async () => {
    const { keys, step } = keyed();
    const w = await start([processor({ first: step, second: step })]);
    const job = await w.add();
    for (let run = 1; run <= 3; run++) {
      await expect(w.until(job.result())).resolves.toBe(1);
      await w.engine.retry('work', job.id);
      await w.settle();
    }
    expect(keys).toHaveLength(8);
    expect(new Set(keys).size).toBe(8);
  });

  it('S8: a retry of a failed job is no new run: the keys stay', async () => {
    const { keys, step } = keyed((call) => call === 2);
    const w = await start([processor({ first: step, second: step })]);
    const job = await w.add();
    await expect(w.until(job.result())).rejects.toThrow('again');
    await w.engine.retry('work', job.id);
    await expect(w.until(job.result())).resolves.toBe(1);
    expect(keys).toHaveLength(3);
    expect(keys[2]).toBe(keys[1]);
  });

  it('S8: idempotencyKeyFor(label) is one for each label, as stable as the key', async () => {
    const keys: string[][] = [];
    const step = (job: StepJob) => {
      keys.push([job.idempotencyKey, job.idempotencyKeyFor('mail'), job.idempotencyKeyFor('invoice')]);
      return keys.length === 1 ? throwError(() => new Error('again')) : of(1);
    };
    await resultOf({ only: [{ attempts: 2 }, step], next: step });
    const [first, retried, next] = keys;
    expect(retried).toEqual(first);
    expect(new Set([...first!, ...next!]).size).toBe(6);
  });
});

describe('S9: errors', () => {
  /** Times at which a step of one job was called, in milliseconds from the first; it fails every time. */
  async function triesOf(options: StepOptions, opts: JobOptions = {}): Promise<readonly number[]> {
    const tries: number[] = [];
    const failing = () => {
      tries.push(w.clock.now());
      return throwError(() => new Error('always'));
    };
    const w = await start([processor({ only: [options, failing] })]);
    await expect(w.until((await w.add(undefined, opts)).result())).rejects.toThrow('always');
    return tries.map((at) => at - tries[0]!);
  }

  it("S9: attempts are the step's, else the job's, else 1", async () => {
    await expect(triesOf({})).resolves.toHaveLength(1);
    await expect(triesOf({}, { attempts: 3 })).resolves.toHaveLength(3);
    await expect(triesOf({ attempts: 2 }, { attempts: 5 })).resolves.toHaveLength(2);
    await expect(triesOf({ attempts: 1 }, { attempts: 5 })).resolves.toHaveLength(1);
    await expect(triesOf({}, { attempts: 0 })).resolves.toHaveLength(1);
  });

  it.each<[string, Backoff, readonly number[]]>([
    ['a number is fixed', 50, [0, 50, 100, 150]],
    ['fixed', { type: 'fixed', delay: 50 }, [0, 50, 100, 150]],
    ['exponential doubles', { type: 'exponential', delay: 50 }, [0, 50, 150, 350]],
    ['none', 0, [0, 0, 0, 0]],
  ])('S9: backoff: %s', async (_, backoff, times) => {
    await expect(triesOf({ attempts: 4, backoff })).resolves.toEqual(times);
    await expect(triesOf({}, { attempts: 4, backoff })).resolves.toEqual(times);
    await expect(triesOf({ backoff }, { attempts: 4, backoff: 7_777 })).resolves.toEqual(times);
  });

  it('S9: jitter takes up to its share off the backoff, another one for each job and attempt', async () => {
    const backoff = { type: 'fixed', delay: 1_000, jitter: 0.5 } as const;
    const w = await start([
      processor({ only: [{ attempts: 4, backoff }, () => throwError(() => new Error('always'))] }),
    ]);
    const waits: number[] = [];
    w.engine.events('work', (event) => void (event.type === 'delayed' && waits.push(event.due - event.at)));
    for (let i = 0; i < 10; i++) await expect(w.until((await w.add()).result())).rejects.toThrow('always');
    expect(waits).toHaveLength(30);
    expect(new Set(waits).size).toBeGreaterThan(25);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
  });

  it('A3: a retry by hand begins the attempts of the visit anew', async () => {
    const seen: number[] = [];
    const flaky = (job: StepJob) => (seen.push(job.attemptsMade), throwError(() => new Error('always')));
    const w = await start([processor({ only: [{ attempts: 2 }, flaky] })]);
    const job = await w.add();
    await expect(w.until(job.result())).rejects.toThrow('always');
    await w.engine.retry('work', job.id);
    await expect(w.until(job.result())).rejects.toThrow('always');
    expect(seen).toEqual([0, 1, 0, 1]);
  });

  it('S9: records of passed gates are kept over a retry, and the job goes on behind them', async () => {
    const charged: number[] = [];
    let failures = 2;
    const charge = defer(() => (charged.push(1), of('receipt')));
    const steps = {
      only: [
        { attempts: 3 },
        () =>
          charge.pipe(
            checkpoint(),
            concatMap((receipt) => (failures-- > 0 ? throwError(() => new Error('below')) : of(receipt))),
          ),
      ],
    } as const;
    await expect(resultOf(steps)).resolves.toBe('receipt');
    expect(charged).toHaveLength(1);
  });

  it.each<[string, () => unknown]>([
    ['UnrecoverableError', () => new UnrecoverableError('at once')],
    ['an error of that name', () => Object.assign(new Error('at once'), { name: 'UnrecoverableError' })],
  ])('S9: %s fails the job at once, whatever attempts are left', async (_, error) => {
    let tries = 0;
    const failing = () => (tries++, throwError(error));
    await expect(resultOf({ only: [{ attempts: 5 }, failing] })).rejects.toThrow('at once');
    expect(tries).toBe(1);
  });

  it.each<[string, () => unknown]>([
    [
      'a method that throws',
      () => {
        throw new Error('boom');
      },
    ],
    [
      'a rejected promise',
      async () => {
        throw new Error('boom');
      },
    ],
    [
      'an Observable that throws when subscribed',
      () =>
        new Observable(() => {
          throw new Error('boom');
        }),
    ],
    [
      'an error after emissions',
      () =>
        concat(
          of(1, 2),
          throwError(() => new Error('boom')),
        ),
    ],
  ])('S9: %s counts an attempt', async (_, method) => {
    let tries = 0;
    const steps = { only: [{ attempts: 2 }, () => (tries++, method())] } as const;
    await expect(resultOf(steps)).rejects.toThrow('boom');
    expect(tries).toBe(2);
  });

  it('S9: attempts are counted per visit: each step of a job has all of its own', async () => {
    const seen: string[] = [];
    const flaky = (job: StepJob) => {
      seen.push(`${job.step} ${job.attemptsMade}`);
      return job.attemptsMade < 2 ? throwError(() => new Error('again')) : of(1);
    };
    await resultOf({ first: flaky, second: flaky }, undefined, { attempts: 3 });
    expect(seen).toEqual(['first 0', 'first 1', 'first 2', 'second 0', 'second 1', 'second 2']);
  });

  it('S9: parking counts no attempt', async () => {
    const seen: number[] = [];
    const step = (job: StepJob) => {
      seen.push(job.attemptsMade);
      return of(1).pipe(
        delay(10),
        delay(10),
        concatMap(() => (seen.length === 3 ? throwError(() => new Error('once')) : of('end'))),
      );
    };
    await expect(resultOf({ only: [{ attempts: 2 }, step] })).resolves.toBe('end');
    expect(seen).toEqual([0, 0, 0, 1]);
  });

  it('S9: closing and a lost lease count no attempt', async () => {
    const world = new World();
    const seen: number[] = [];
    const step = (job: StepJob) => (seen.push(job.attemptsMade), seen.length < 3 ? NEVER : of('end'));
    const machine = (): Promise<Machine> => world.machine([processor({ only: step })]);
    const one = await machine();
    const job = await one.add();
    await world.settle();
    await world.until(one.app.close({ grace: 1 }));
    const two = await machine();
    await world.settle();
    two.spy.die();
    await machine();
    await expect(world.until(job.result())).resolves.toBe('end');
    expect(seen).toEqual([0, 0, 0]);
  });

  it('S9: a timeout unsubscribes, aborts job.signal, and counts as an error', async () => {
    const torn: string[] = [];
    const step = (job: StepJob) => {
      job.signal.addEventListener('abort', () => torn.push('aborted'));
      return new Observable(() => () => torn.push('unsubscribed'));
    };
    const w = await start([processor({ slow: [{ attempts: 2, timeout: '2 s' }, step] })]);
    const job = await w.add();
    await w.pass(1_999);
    expect(torn).toEqual([]);
    await w.pass(1);
    expect(torn).toEqual(['unsubscribed', 'aborted']);
    const failing = w.until(job.result());
    await expect(failing).rejects.toMatchObject({
      code: 'STEP_TIMEOUT',
      message: 'step slow was active for more than 2000 ms',
    });
    expect(torn).toHaveLength(4);
  });

  it('S9: a timeout limits the active time of one activation: the time parked is not counted', async () => {
    const steps = {
      only: [{ timeout: 100 }, () => of(1).pipe(delay('1 day'), delay('1 day'))],
      next: () => of('end'),
    } as const;
    await expect(resultOf(steps)).resolves.toBe('end');
  });

  it('S9: a timeout, an error or a completion while the parking is being written comes too late: the job is parked', async () => {
    const ways: Record<string, (source: Subject<string>) => void> = {
      timeout: () => {},
      error: (source) => source.error(new Error('too late')),
      complete: (source) => source.complete(),
      emit: (source) => source.next('too late'),
    };
    for (const way of Object.values(ways)) {
      const source = new Subject<string>();
      let resumed = false;
      const step = (): Observable<string> => merge(of('resumed').pipe(delay(5_000)), resumed ? of<string>() : source);
      const w = await start([processor({ only: [{ timeout: 1_000 }, step] })]);
      const held = w.spy.hold();
      const job = await w.add();
      await w.settle();
      way(source);
      await w.pass(2_000);
      w.spy.around = (_, proceed) => proceed();
      held.release();
      await w.settle();
      resumed = true;
      expect(w.get(job).state).toBe('delayed');
      expect(w.spy.writes.map(({ method }) => method)).toEqual(['moveToDelayed']);
      await expect(w.until(job.result())).resolves.toBe('resumed');
      expect(w.logged).toEqual([]);
    }
  });

  it('S9: a timeout leaves no timer behind when its step is over', async () => {
    const w = await start([processor({ only: [{ timeout: '1 day' }, () => of(1)], next: () => of('end') })]);
    await w.until((await w.add()).result());
    await w.app.close();
    await w.settle();
    expect(w.clock.pending).toBe(0);
  });

  it('S9: an endless synchronous source whose value is refused fails its job, and spins no further', async () => {
    let emitted = 0;
    const endless = new Observable<unknown>((subscriber) => {
      while (!subscriber.closed && emitted < 1_000) subscriber.next(emitted++ === 3 ? Symbol('refused') : emitted);
    });
    await expect(resultOf({ only: () => endless })).rejects.toMatchObject({ code: 'UNSERIALIZABLE_VALUE' });
    expect(emitted).toBe(5);
  });
});

describe('S10: code that changed', () => {
  it('S10: a step that the class has not is waited for, 1 s and doubling, at most 60 s; then the job fails, its checkpoint intact', async () => {
    const world = new World();
    const old = await world.machine([processor({ first: () => of('kept'), gone: () => NEVER })]);
    const job = await old.add();
    await world.settle();
    await world.until(old.app.close({ grace: 1 }));
    const fresh = await world.machine([processor({ first: () => of('again'), renamed: () => of('end') })]);
    await expect(world.until(job.result())).rejects.toMatchObject({ code: 'UNKNOWN_STEP' });
    const delays = fresh.spy.of('moveToDelayed').map(({ args }) => args[2]);
    const waits = delays.map((due, index) => due - (delays[index - 1] ?? world.get(job).processedOn! - 0)).slice(1);
    expect(waits.slice(0, 7)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(Math.max(...waits)).toBe(60_000);
    expect(world.get(job).checkpoint!.fields.get('o:first')).toBe('"kept"');
    expect(JSON.parse(world.get(job).checkpoint!.cursor)).toMatchObject({ s: 'gone', v: 2 });
    expect(fresh.logged[0]).toContain('has no step "gone"');
  });

  it('S10: a worker that knows the step, or knows it under its old name, goes on at once when it gets the job', async () => {
    const world = new World();
    const old = await world.machine([processor({ first: () => of('kept'), gone: () => NEVER })]);
    const job = await old.add();
    await world.settle();
    await world.until(old.app.close({ grace: 1 }));
    const wrong = await world.machine([processor({ first: () => of('again') })]);
    await world.pass(500);
    await world.until(wrong.app.close());
    await world.machine([
      processor({
        first: () => of('again'),
        renamed: [{ was: ['gone'] }, ({ step, visit }, input) => of([step, visit, input])],
      }),
    ]);
    await expect(world.until(job.result())).resolves.toEqual(['renamed', 2, 'kept']);
  });

  it('S10: a job name that nobody takes is put back in the same way, then fails', async () => {
    const w = await start([processor({ only: () => of(1) }, { job: 'known' })]);
    const job = await w.add(undefined, {}, 'unknown');
    await expect(w.until(job.result())).rejects.toMatchObject({ code: 'UNKNOWN_JOB_NAME' });
    expect(w.get(job).finishedOn! - job.timestamp).toBeGreaterThanOrEqual(600_000);
    await expect(w.until((await w.add(undefined, {}, 'known')).result())).resolves.toBe(1);
  });
});
