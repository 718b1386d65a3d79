import { isName, nameRule } from '../../src/engine/names.js';

describe('isName', () => {
  it.each(['a', 'orders', 'Orders_2-b.v1/eu#3', '__proto__', 'constructor', '0', 'x'.repeat(128)])(
    'X1: takes %j',
    (name) => {
      expect(isName(name)).toBe(true);
    },
  );

  it.each([
    '',
    'x'.repeat(129),
    'a:b',
    '{a}',
    'a}',
    'a*',
    'a?',
    '[a]',
    'a b',
    ' a',
    'a\n',
    '\na',
    'a\u0000',
    'ä',
    '🧦',
    'a\\',
    'a,b',
    'a|b',
    'a$',
  ])('X1: refuses %j', (name) => {
    expect(isName(name)).toBe(false);
  });

  it.each([undefined, null, 5, true, ['a'], { toString: () => 'a' }, Symbol('a')])(
    'refuses what is no text',
    (value) => {
      expect(isName(value)).toBe(false);
    },
  );

  it('X5: refuses a megabyte, in a time that is linear at most', () => {
    const hostile = ['x'.repeat(1e6), `${'x'.repeat(1e6)}:`, '/'.repeat(1e6), `${'a-'.repeat(5e5)}\n`];
    for (const name of hostile) expect(isName(name)).toBe(false);
  });

  it('says what it takes', () => {
    expect(nameRule).toMatch(/1 to 128/);
  });
});
