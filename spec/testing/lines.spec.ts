import { parseLine } from '../../src/testing/parse-line.js';
import { timeOf, translateMarbles } from '../../src/testing/marble-time.js';
import { formatTime, parseTime } from '../../src/testing/time-text.js';

const day = 86_400_000;

describe('times in lines', () => {
  it.each([
    ['3d', 3 * day],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['2w', 14 * day],
    ['1y', 365.25 * day],
    ['4.2m', 252_000],
    ['1d 12h', 1.5 * day],
  ])('%s is understood', (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });

  it.each(['3', 'd', '3x', '-3d', '3 d', '3 days', '', '1d12h'])('"%s" is none', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  it('are shown in days and what is smaller', () => {
    expect([0, 1, 90_000, 36.5 * day, Infinity, 0.5].map(formatTime)).toEqual([
      '0ms',
      '1ms',
      '1m 30s',
      '36d 12h',
      'Infinity',
      '0.5ms',
    ]);
  });
});

describe('marbles', () => {
  it('may have days, hours, weeks and years, and a duration at their end', () => {
    expect(translateMarbles('a 3d b')).toBe('a 259200000ms  b');
    expect(translateMarbles('-a 2s')).toBe('-a 2000ms ');
    expect(translateMarbles('1h (a|)')).toBe('3600000ms  (a|)');
  });

  it('that RxJS would silently read as values are refused', () => {
    expect(() => translateMarbles('a3d|')).toThrow(
      '"3d" in the marbles "a3d|" would be read as the values 3, d: write a blank before and after a duration ("-- 3d --"), or give those values',
    );
    expect(() => translateMarbles('-- 3s|')).toThrow('"3s"');
    expect(translateMarbles('a3d|', { 3: 1, d: 2 })).toBe('a3d|');
  });

  it('as spans are durations, or dashes up to a bar', () => {
    expect(['3d', '1h 30m', '--|', '|', '- 2s |'].map(timeOf)).toEqual([3 * day, 5_400_000, 2, 0, 2_001]);
    expect(() => timeOf('3 days')).toThrow(`"3 days" is no time: write durations such as '3d' or '1h 30m'`);
  });
});

describe("a job's line", () => {
  it('has letters that take no time, in parentheses or not, and durations that pass it', () => {
    expect(parseLine(' (cd) 3d r c 1h 30m (|)').map(({ letter, at }) => `${letter} ${at}`)).toEqual([
      'c 0',
      'd 0',
      `r ${3 * day}`,
      `c ${3 * day}`,
      `| ${3 * day + 5_400_000}`,
    ]);
    expect(parseLine('')).toEqual([]);
    expect(parseLine('3d(cd)')).toHaveLength(2);
  });

  it.each([
    ['c--|', 1, 'time passes by durations here: write 1ms for a -'],
    ['^c', 0, 'a line has no subscription point'],
    ['c 3dr', 2, 'write a blank after a duration'],
    ['c3d r', 1, 'write a blank before a duration'],
    ['c 3 r', 2, 'a number needs a unit: ms, s, m, h, d, w, y'],
    ['(c 3d r)', 3, 'no time passes within parentheses'],
    ['(c', 2, 'a parenthesis is still open'],
    ['c)', 1, 'nothing is open here'],
    ['((c))', 1, 'parentheses do not nest'],
  ])('%s is refused, at column %i: %s', (line, column, why) => {
    expect(() => parseLine(line)).toThrow(
      new Error(`The line can't be read: ${why}.\n\n  ${line}\n  ${' '.repeat(column)}^`),
    );
  });
});
