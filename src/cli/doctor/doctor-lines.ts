import { printable, withoutPasswords } from '../terminal/printable.js';
import type { Style } from '../terminal/terminal.js';
import type { Area, Check } from './check.js';

const marks: Readonly<Record<Check['level'], readonly [mark: string, style: keyof Style]>> = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  problem: ['✗', 'red'],
  skipped: ['-', 'dim'],
};

/** What the doctor has found, for a person to read. */
export function linesOf(
  areas: readonly Area[],
  { problems, warnings }: { readonly problems: number; readonly warnings: number },
  style: Style,
): readonly string[] {
  const lines = areas.flatMap(({ title, checks }) => [
    style.bold(title),
    ...checks.flatMap((check) => linesOfCheck(check, style)),
    '',
  ]);
  const counts = [counted(problems, 'problem'), counted(warnings, 'warning')].filter((text) => text !== '');
  return [...lines, style.bold(counts.join(', ') || 'all that was looked at is well')];
}

function linesOfCheck({ level, found, why, fix }: Check, style: Style): readonly string[] {
  const [mark, colour] = marks[level];
  const shown = (text: string): string => withoutPasswords(printable(text));
  return [
    `  ${style[colour](mark)} ${shown(found)}`,
    ...(why === undefined ? [] : [`      why: ${shown(why)}`]),
    ...(fix === undefined ? [] : [`      fix: ${shown(fix)}`]),
  ];
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}
