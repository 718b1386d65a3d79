import { runInNewContext } from 'node:vm';
import { assert, jsonValue, property } from 'fast-check';
import { jsonCodec } from 'stepstream';
import { CorruptPayloadError, UnserializableValueError } from '../../src/errors.js';

const roundTrip = (value: unknown): unknown => jsonCodec.decode(jsonCodec.encode(value));

/** What is wrong with a value, and where. */
function refusal(value: unknown): { readonly path: string; readonly message: string } {
  try {
    jsonCodec.encode(value);
  } catch (error) {
    if (error instanceof UnserializableValueError) return { path: error.path, message: error.message };
    throw error;
  }
  throw new Error('it was not refused');
}

/** A value inside so many others. */
function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 0;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}

const inArray = (inner: unknown): unknown => [inner];
const inObject = (inner: unknown): unknown => ({ a: inner });

describe('jsonCodec', () => {
  it('S5: gives back every JSON value', () => {
    const check = property(jsonValue({ maxDepth: 10 }), (value) => {
      const text = JSON.stringify(value);
      if (/__proto__|"constructor"/.test(text)) return;
      expect(roundTrip(value)).toEqual(JSON.parse(text));
    });
    assert(check, { numRuns: 500, seed: 1 });
  });

  it.each([
    0,
    -1.5,
    Number.MAX_SAFE_INTEGER,
    5e-324,
    '',
    '\u0000\ud800"\\',
    'null',
    true,
    false,
    null,
    [],
    {},
    [[], [null]],
  ])('gives back %j', (value) => {
    expect(roundTrip(value)).toEqual(value);
  });

  it('tells that it makes JSON, which a larger JSON text may hold as it is', () => {
    expect(jsonCodec.isJson).toBe(true);
  });

  it('drops properties that are undefined', () => {
    expect(roundTrip({ a: undefined, b: { c: undefined, d: 1 } })).toEqual({ b: { d: 1 } });
    expect(Object.keys(roundTrip({ a: undefined }) as object)).toEqual([]);
  });

  describe('what JSON would lose', () => {
    it.each<[string, unknown, string]>([
      ['NaN', Number.NaN, '$'],
      ['Infinity', { price: Infinity }, '$.price'],
      ['-Infinity', [0, -Infinity], '$[1]'],
      ['a bigint', { ids: [1, 2n] }, '$.ids[1]'],
      ['a symbol', { a: { b: Symbol('s') } }, '$.a.b'],
      ['a function', [{ go: () => {} }], '$[0].go'],
      ['a class', { type: UnserializableValueError }, '$.type'],
      ['undefined in an array', { list: [1, undefined] }, '$.list[1]'],
      // oxlint-disable-next-line no-sparse-arrays
      ['a hole in an array', [1, , 3], '$[1]'],
      ['a Map', { byId: new Map([[1, 2]]) }, '$.byId'],
      ['a Set', [new Set([1])], '$[0]'],
      ['a WeakMap', new WeakMap(), '$'],
      ['a WeakSet', { a: new WeakSet() }, '$.a'],
      ['a Promise', { a: Promise.resolve(1) }, '$.a'],
      ['a RegExp', { 'the pattern': /x/ }, '$["the pattern"]'],
      ['an Error', { error: new TypeError('x') }, '$.error'],
      ['a DOMException, which is an error too', { error: AbortSignal.abort().reason }, '$.error'],
      ['an ArrayBuffer', new ArrayBuffer(8), '$'],
      ['a typed array', { pixels: new Uint8Array(2) }, '$.pixels'],
      ['a DataView', [new DataView(new ArrayBuffer(1))], '$[0]'],
      ['an invalid Date', { at: new Date('nonsense') }, '$.at'],
      ['a boxed NaN', { a: Object(Number.NaN) }, '$.a'],
      ['a boxed bigint', { a: Object(1n) }, '$.a'],
      ['a subclass of Map', { a: new (class Index extends Map {})() }, '$.a'],
    ])('refuses %s, and tells where', (_, value, path) => {
      expect(refusal(value).path).toBe(path);
      expect(refusal(value).message).toContain(`the value at ${path} `);
    });

    it.each<[string, string]>([
      ['a Map', 'new Map()'],
      ['a Set', 'new Set()'],
      ['an Error', 'new Error("x")'],
      ['a RegExp', '/x/'],
      ['a Promise', 'Promise.resolve()'],
      ['an invalid Date', 'new Date("x")'],
    ])('refuses %s of another realm', (_, source) => {
      expect(refusal({ a: runInNewContext(source) }).path).toBe('$.a');
    });

    it('takes plain objects of another realm, and those without a prototype', () => {
      expect(roundTrip(runInNewContext('({ a: [1, { b: new Date(0) }] })'))).toEqual({
        a: [1, { b: '1970-01-01T00:00:00.000Z' }],
      });
      expect(roundTrip(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
    });

    it('takes instances of classes for their properties', () => {
      class Money {
        #hidden = 1;
        amount = 5;
        toString(): string {
          return String(this.#hidden);
        }
      }
      expect(roundTrip({ price: new Money() })).toEqual({ price: { amount: 5 } });
    });

    it('names a long way by its beginning', () => {
      expect(refusal(nested(20, inObject) && nested(20, (inner) => ({ a: inner === 0 ? 1n : inner }))).path).toBe(
        `$${'.a'.repeat(8)}…`,
      );
      expect(refusal(nested(8, (inner) => ({ a: inner === 0 ? 1n : inner }))).path).toBe(`$${'.a'.repeat(8)}`);
    });

    it('names what it is', () => {
      expect(refusal({ a: new Map() }).message).toContain('is a Map, which JSON would empty');
      expect(refusal({ a: Number.NaN }).message).toContain("is NaN, which JSON can't hold");
    });
  });

  describe('toJSON', () => {
    it('S5: makes a Date its ISO text', () => {
      expect(roundTrip({ at: new Date(86_400_000) })).toEqual({ at: '1970-01-02T00:00:00.000Z' });
    });

    it('makes a Buffer and a URL what JSON makes of them', () => {
      expect(roundTrip(Buffer.from('hi'))).toEqual({ type: 'Buffer', data: [104, 105] });
      expect(roundTrip([new URL('http://a/b')])).toEqual(['http://a/b']);
    });

    it('is called with the key, as JSON does, and not on what it has answered', () => {
      const keyed = { toJSON: (key: string) => `at ${key}` };
      expect(roundTrip({ a: keyed, b: [keyed] })).toEqual({ a: 'at a', b: ['at 0'] });
      class Versioned {
        version = 1;
        toJSON(): unknown {
          return this;
        }
      }
      expect(roundTrip({ a: new Versioned() })).toEqual({ a: { version: 1 } });
    });

    it('may save a Map', () => {
      class Index extends Map<string, number> {
        toJSON(): unknown {
          return Object.fromEntries(this);
        }
      }
      expect(roundTrip(new Index([['a', 1]]))).toEqual({ a: 1 });
    });

    it('that answers undefined is dropped from an object, and refused elsewhere', () => {
      const nothing = { toJSON: () => undefined };
      expect(roundTrip({ a: nothing, b: 1 })).toEqual({ b: 1 });
      expect(refusal([nothing]).path).toBe('$[0]');
      expect(refusal(nothing).path).toBe('$');
    });

    it('that answers what JSON would lose is refused, where it is', () => {
      expect(refusal({ a: { toJSON: () => ({ b: [Number.NaN] }) } }).path).toBe('$.a.b[0]');
    });
  });

  describe('size and depth', () => {
    it.each([
      ['arrays', inArray],
      ['objects', inObject],
    ])('X3: takes 64 levels of %s, and no more', (_, wrap) => {
      expect(roundTrip(nested(64, wrap))).toEqual(nested(64, wrap));
      expect(refusal(nested(65, wrap)).message).toContain('nested deeper than 64 levels');
    });

    it.each([
      ['arrays', inArray],
      ['objects', inObject],
    ])('I14: refuses a million levels of %s', (_, wrap) => {
      expect(refusal(nested(1_000_000, wrap)).message).toContain('nested deeper');
    });

    it('I14: looks at no more levels than there may be', () => {
      let looks = 0;
      const counting = (inner: unknown): unknown => ({
        toJSON: () => {
          looks++;
          return [inner];
        },
      });
      expect(refusal(nested(1_000_000, counting)).message).toContain('nested deeper');
      expect(looks).toBeLessThanOrEqual(65);
    });

    it('refuses a cycle, wherever it leads', () => {
      const object: Record<string, unknown> = {};
      object['self'] = object;
      expect(refusal(object).path).toMatch(/^\$(\.self){8}…$/);
      const array: unknown[] = [];
      array.push({ back: array }, { back: array });
      expect(refusal({ array }).message).toContain('in a cycle');
    });

    it('takes a value that is there twice', () => {
      const shared = { a: 1 };
      expect(roundTrip([shared, shared])).toEqual([{ a: 1 }, { a: 1 }]);
    });

    it('X3: takes 10,000 keys in an object, and no more', () => {
      const keyed = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]));
      expect(roundTrip(keyed(10_000))).toEqual(keyed(10_000));
      expect(refusal({ all: keyed(10_001) })).toEqual({
        path: '$.all',
        message: expect.stringContaining('more than 10000 keys'),
      });
    });

    it('I14: looks at no more values than a payload has room for', () => {
      let looks = 0;
      const doubled = nested(60, (inner) => ({
        get a() {
          looks++;
          return inner;
        },
        b: inner,
      })); // 2^60 numbers
      expect(refusal(doubled).message).toContain('more than 1000000 values');
      expect(looks).toBeLessThanOrEqual(1_000_000);
      const sparse: unknown[] = [];
      sparse.length = 4_000_000_000;
      expect(refusal({ sparse }).path).toBe('$.sparse');
    });
  });

  describe('decode', () => {
    it.each<[string, string, unknown]>([
      ['__proto__', '{"a":1,"__proto__":{"admin":true}}', { a: 1 }],
      ['an escaped __proto__', '{"a":1,"\\u005f_proto__":{"admin":true}}', { a: 1 }],
      ['a nested __proto__', '[{"b":{"__proto__":{"admin":true},"c":2}}]', [{ b: { c: 2 } }]],
      ['constructor.prototype', '{"a":1,"constructor":{"prototype":{"admin":true}}}', { a: 1 }],
      ['an escaped constructor.prototype', '{"a":1,"c\\u006fnstructor":{"prototype":{"admin":true}}}', { a: 1 }],
    ])('X4: drops %s', (_, text, expected) => {
      const decoded = jsonCodec.decode(text) as object;
      expect(decoded).toEqual(expected);
      expect(JSON.stringify(decoded)).not.toContain('admin');
      expect(Object.assign({}, decoded)).not.toHaveProperty('admin');
    });

    it('X4: a value that went in with such a key comes out without it', () => {
      expect(roundTrip(JSON.parse('{"__proto__":{"admin":true},"a":1}'))).toEqual({ a: 1 });
    });

    it('keeps texts that only look like it', () => {
      for (const value of [
        ['__proto__'],
        { constructor: 'Acme' },
        { constructor: { name: 'x' } },
        { a: '\u0001 "__proto__":' },
      ]) {
        expect(jsonCodec.decode(JSON.stringify(value))).toEqual(value);
      }
    });

    it.each(['', '{', 'undefined', '{"a":1}x', "{'a':1}"])('throws CorruptPayloadError for %j', (text) => {
      expect(() => jsonCodec.decode(text)).toThrow(CorruptPayloadError);
    });

    it('X7: quotes nothing of a corrupt value, in no part of the error', () => {
      for (const text of ['s3cret', '{"card":s3cret}', '"\\u0041s3cret']) {
        let thrown: unknown;
        try {
          jsonCodec.decode(text);
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toBeInstanceOf(CorruptPayloadError);
        expect((thrown as Error).cause).toBeUndefined();
        expect(String((thrown as Error).stack)).not.toContain('s3cret');
      }
    });

    it.each(['', '"\\u0041",'])('I14: is not overturned by a text nested a million deep (%j)', (first) => {
      const text = `[${first}${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}]`;
      const decode = () => {
        try {
          return jsonCodec.decode(text);
        } catch (error) {
          return error;
        }
      };
      const outcome = decode();
      expect(Array.isArray(outcome) || outcome instanceof CorruptPayloadError).toBe(true);
    });
  });
});
