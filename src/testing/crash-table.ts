import type { CrashMatrix, CrashRow } from './crash-report.js';

const headings = ['write', 'boundary', 'lost', 'taken over', 'outcome', 'ran again', 'verdict'];

/** The matrix as a table that a person reads; rows of one boundary that say the same are one. */
export function crashTable({ processor, calm, rows, unsafe, leaks, plans }: Omit<CrashMatrix, 'toString'>): string {
  const lines = merged(rows).map(({ write, boundary, lost, takenOver, row }) => [
    String(write),
    boundary,
    lost,
    takenOver,
    row.sameOutcome ? 'the same' : `${row.state}: ${short(row.outcome)}`,
    row.repeated
      .map(({ effect, times, calmTimes, key }) => `${effect} ×${times} for ${calmTimes} (${keyText[key]})`)
      .join(', ') || '-',
    row.unsafe.length === 0 ? 'safe' : `UNSAFE: ${row.unsafe.join('; ')}`,
  ]);
  const verdict = unsafe.length === 0 ? 'all safe' : `${unsafe.length} of ${rows.length} unsafe`;
  return [
    `${processor}: ${calm.writes.length} writes, ${plans} plans, ${verdict}; without a crash ${calm.state}: ${short(calm.outcome)}`,
    '',
    ...inColumns([headings, ...lines]),
    ...leaks.map((leak) => `\nLEAK: ${leak}`),
  ].join('\n');
}

const keyText = { same: 'same key', changed: 'another key', none: 'no key' } as const;

interface Merged {
  readonly write: number;
  readonly boundary: string;
  lost: string;
  takenOver: string;
  readonly row: CrashRow;
}

function merged(rows: readonly CrashRow[]): readonly Merged[] {
  const all: Merged[] = [];
  for (const row of rows) {
    const { write, boundary, lost, takenOver } = row;
    const last = all.at(-1);
    const isLike = last?.write === write && last.lost === lost && saysTheSame(last.row, row);
    if (isLike) last.takenOver = 'at once, late';
    else all.push({ write, boundary, lost, takenOver, row });
  }
  return all;
}

function saysTheSame(one: CrashRow, other: CrashRow): boolean {
  const said = ({ outcome, repeated, unsafe }: CrashRow): string => JSON.stringify([outcome, repeated, unsafe]);
  return said(one) === said(other);
}

function inColumns(table: readonly (readonly string[])[]): readonly string[] {
  const widths = headings.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
  const lines = table.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return [lines[0]!, widths.map((each) => '-'.repeat(each)).join('  '), ...lines.slice(1)];
}

function short(value: unknown): string {
  const text = value === undefined ? 'undefined' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
