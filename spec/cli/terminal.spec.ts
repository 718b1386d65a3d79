import { columns } from '../../src/cli/terminal/columns.js';
import { asJson } from '../../src/cli/terminal/json.js';
import { printable, shortJson, shortened, withoutPasswords } from '../../src/cli/terminal/printable.js';
import { terminalOf } from '../../src/cli/terminal/terminal.js';
import { distance, timeText } from '../../src/cli/terminal/time-text.js';
import { hostile } from './orders.js';

describe('colours', () => {
  const coloured = (isTTY: boolean, env: Record<string, string> = {}): string =>
    terminalOf({ stdout: { isTTY }, stderr: {}, env } as never).style.red('text');

  it('are for a person at a terminal', () => {
    expect(coloured(true)).toBe('\u001B[31mtext\u001B[39m');
    expect(coloured(false)).toBe('text');
  });

  it('are left out for who sets NO_COLOR, to whatever but nothing, and for a terminal that has none', () => {
    expect(coloured(true, { NO_COLOR: '1' })).toBe('text');
    expect(coloured(true, { NO_COLOR: '' })).not.toBe('text');
    expect(coloured(true, { TERM: 'dumb' })).toBe('text');
  });
});

describe('text of strangers', () => {
  it('reaches a terminal in one line, without what it would obey', () => {
    expect(printable(`a\nb\tc\r${hostile}`)).toBe(
      'a\\nb\\tc\\r\\u{1b}[2J\\u{1b}]0;mine\\u{7}\\u{9b}31m\\u{202e}txt.exe',
    );
    expect(printable('ünï 漢字 😀 \uD800')).toBe('ünï 漢字 😀 \\u{d800}');
  });

  it('is cut short by characters', () => {
    expect(shortened('abcdef', 6)).toBe('abcdef');
    expect(shortened('abcdefg', 6)).toBe('abcde…');
    expect(shortened('😀😀😀', 2)).toBe('😀…');
    expect(shortJson({ a: ['b'] }, 7)).toBe('{"a":[…');
    expect(shortJson(undefined, 7)).toBe('');
  });

  it('stays what it is in JSON, which a terminal may be shown, too', () => {
    const value = { [hostile]: `${hostile}\u2028` };
    const json = asJson(value);
    expect(JSON.parse(json)).toEqual(value);
    expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
  });

  it('has no passwords of URLs', () => {
    expect(withoutPasswords('to redis://me:pass@word@host:6379/0, rediss://:pw@h')).toBe(
      'to redis://me:***@host:6379/0, rediss://:***@h',
    );
    expect(withoutPasswords('redis://host:6379/0 a@b')).toBe('redis://host:6379/0 a@b');
  });
});

describe('columns', () => {
  it('stand below each other, whatever width their characters have', () => {
    expect(
      columns([
        ['ID', 'NAME'],
        ['1', 'x'],
        ['漢字', 'y'],
        ['é😀', 'z'],
        ['', ''],
      ]),
    ).toEqual(['ID    NAME', '1     x', '漢字  y', 'é😀   z', '']);
    expect(columns([])).toEqual([]);
  });
});

describe('times', () => {
  const now = Date.UTC(2026, 0, 1);

  it.each([
    [0, 'now'],
    [-999, 'now'],
    [1_000, 'in 1 s'],
    [-90_000, '1 min ago'],
    [7_200_000, 'in 2 h'],
    [-86_400_000, '1 day ago'],
    [3 * 86_400_000, 'in 3 days'],
  ])('%p ms from now are told as %p', (ms, text) => {
    expect(distance(now + ms, now)).toBe(text);
  });

  it('are told by the calendar, too; what is no time as it is', () => {
    expect(timeText(now, now)).toBe('2026-01-01T00:00:00.000Z (now)');
    expect(timeText(NaN, now)).toBe('NaN (?)');
    expect(timeText(1e20, now)).toMatch(/^100000000000000000000 \(in \d+ days\)$/);
  });
});
