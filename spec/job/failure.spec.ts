import { Observable, finalize, of, throwError } from 'rxjs';
import { UnrecoverableError, awaitChildren, checkpoint } from 'stepstream';
import { failureOf } from '../../src/job/failure.js';
import { processor } from '../support/processor.js';
import { start } from '../support/world.js';

const trap = (): never => {
  throw new Error('trap');
};
const traps = {
  get: trap,
  has: trap,
  getPrototypeOf: trap,
  ownKeys: trap,
  getOwnPropertyDescriptor: trap,
  apply: trap,
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();

function chain(depth: number): Error {
  let error = new Error('innermost');
  for (let i = 0; i < depth; i++) error = new Error(`cause ${i}`, { cause: error });
  return error;
}

function cyclic(): Error {
  const error = new Error('cyclic');
  error.cause = error;
  return error;
}

/** What user code may throw, and the reason that is to be read. */
const thrown: readonly (readonly [what: string, error: () => unknown, reason: string])[] = [
  ['an Error', () => new Error('plain'), 'plain'],
  ['an Error without a message', () => new TypeError(), 'TypeError without a message'],
  ['a string', () => 'just text', 'just text'],
  ['an empty string', () => '', "'' was thrown"],
  ['undefined', () => undefined, 'undefined was thrown'],
  ['null', () => null, 'null was thrown'],
  ['a number', () => 42, '42 was thrown'],
  ['a bigint', () => 42n, '42 was thrown'],
  ['a symbol', () => Symbol('mine'), 'Symbol(mine) was thrown'],
  ['a function', () => function secret() {}, 'a function was thrown'],
  ['an object', () => ({}), 'an object without a message was thrown'],
  ['an object without a prototype', () => Object.create(null), 'an object without a message was thrown'],
  ['an array', () => [1], 'an object without a message was thrown'],
  ['an object with a message', () => ({ message: 'told' }), 'told'],
  ['a message that is no string', () => ({ message: { toString: trap } }), 'an object without a message was thrown'],
  [
    'getters that throw',
    () =>
      Object.defineProperties(
        {},
        Object.fromEntries(['message', 'name', 'stack', 'code', 'cause'].map((key) => [key, { get: trap }])),
      ),
    'an object without a message was thrown',
  ],
  [
    'an Error whose toString throws',
    () => Object.assign(new Error('fine'), { toString: trap, toJSON: trap, [Symbol.toPrimitive]: trap }),
    'fine',
  ],
  ['a Proxy whose traps throw', () => new Proxy({}, traps), 'an object without a message was thrown'],
  ['a Proxy of a function whose traps throw', () => new Proxy(() => {}, traps), 'a function was thrown'],
  ['a revoked Proxy', () => revoked.proxy, 'an object without a message was thrown'],
  ['a chain of a thousand causes', () => chain(1_000), 'cause 999'],
  ['a cause that is its own cause', cyclic, 'cyclic'],
  ['a cause whose getter throws', () => Object.defineProperty(new Error('outer'), 'cause', { get: trap }), 'outer'],
  ['a message of 10 MB', () => new Error('m'.repeat(10_000_000)), `${'m'.repeat(2_047)}…`],
  ['a stack of 10 MB', () => Object.assign(new Error('stacked'), { stack: 's'.repeat(10_000_000) }), 'stacked'],
  [
    'an UnrecoverableError whose code is no string',
    () => Object.assign(new UnrecoverableError('coded'), { code: { toString: trap } }),
    'coded',
  ],
];

describe("X11: a user's error", () => {
  it.each(thrown)('X11: %s fails its own job with a readable reason, and no other job', async (_, error, reason) => {
    const told: unknown[] = [];
    const P = processor({ only: [{ attempts: 2 }, (job) => (job.data === 'bad' ? throwError(error) : of('good'))] });
    const w = await start([P], { listen: (app) => app.worker(P).on('failed', (_job, failure) => told.push(failure)) });
    const [bad, good] = [await w.add('bad'), await w.add('good')];
    await expect(w.until(bad.result())).rejects.toMatchObject({ message: reason });
    await expect(w.until(good.result())).resolves.toBe('good');
    const { failedReason, failedCode, stacktrace } = w.get(bad);
    expect(failedReason!.length).toBeLessThanOrEqual(2_048);
    expect(['string', 'undefined']).toContain(typeof failedCode);
    for (const stack of stacktrace) expect(stack.length).toBeLessThanOrEqual(8_192);
    expect(told.length).toBeGreaterThan(0);
    for (const failure of told) expect(failure).toBeInstanceOf(Error);
    expect(w.logged).toEqual([]);
  });

  it.each(thrown)(
    'X11: %s, thrown by the method itself, by its promise, or within an operator, is the same',
    async (_, error) => {
      const ways: readonly (() => unknown)[] = [
        () => {
          throw error();
        },
        async () => {
          throw error();
        },
        () =>
          new Observable(() => {
            throw error();
          }),
        () => throwError(error).pipe(checkpoint()),
        () =>
          of(1).pipe(
            awaitChildren(() => {
              throw error();
            }),
          ),
      ];
      const w = await start([processor({ only: (job) => ways[job.data as number]!() })]);
      const reasons = new Set<string>();
      for (let way = 0; way < ways.length; way++) {
        const job = await w.add(way);
        await expect(w.until(job.result())).rejects.toThrow(/./);
        reasons.add(w.get(job).failedReason!);
      }
      expect([...reasons]).toHaveLength(1);
    },
  );

  it('X11: the stack tells of eight causes and no more', () => {
    const { stack } = failureOf(Object.assign(chain(20), { stack: 'top' }));
    expect(stack!.split('\n').map((line) => line.trim())).toEqual([
      'top',
      ...Array.from({ length: 8 }, (_, index) => `caused by: cause ${18 - index}`),
    ]);
  });

  it('X11: a text is never cut in the middle of a character', () => {
    for (const pad of ['', 'x']) {
      const { reason } = failureOf(new Error(pad + '😀'.repeat(5_000)));
      expect(reason.length).toBeLessThanOrEqual(2_048);
      expect(reason).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
    }
  });

  it.each(thrown)('X11: a teardown that throws %s is a warning: the job ends as it would have', async (_, error) => {
    const w = await start([
      processor({
        only: [
          { timeout: 10 },
          (job) =>
            (job.data === 'slow' ? new Observable(() => {}) : of('end')).pipe(
              finalize(() => {
                throw error();
              }),
            ),
        ],
      }),
    ]);
    await expect(w.until((await w.add()).result())).resolves.toBe('end');
    await expect(w.until((await w.add('slow')).result())).rejects.toMatchObject({ code: 'STEP_TIMEOUT' });
    expect(w.logged.length).toBeGreaterThanOrEqual(1);
  });

  it.each([
    ['getters that throw', () => Object.defineProperty({}, 'x', { get: trap, enumerable: true })],
    ['a Proxy whose traps throw', () => new Proxy({}, traps)],
    ['a revoked Proxy', () => revoked.proxy],
    ['a toJSON that throws', () => ({ toJSON: trap })],
    [
      'a value nested a million deep',
      () => {
        let value: unknown = 1;
        for (let i = 0; i < 1_000_000; i++) value = [value];
        return value;
      },
    ],
    [
      'a cycle',
      () => {
        const value: unknown[] = [];
        value.push(value);
        return value;
      },
    ],
  ])('I14: an emission with %s fails its own job, and no other', async (_, value) => {
    const P = processor({ only: (job) => (job.data === 'bad' ? of(value()) : of('good')) });
    const w = await start([P]);
    const [bad, good] = [await w.add('bad'), await w.add('good')];
    await expect(w.until(bad.result())).rejects.toThrow(/./);
    await expect(w.until(good.result())).resolves.toBe('good');
  });
});
