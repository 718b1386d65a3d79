export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** Rows in aligned columns; an empty row becomes a rule. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const titles = columns.map(({ title }) => title);
  const widths = columns.map((_, index) => Math.max(...[titles, ...rows].map((row) => row[index]?.length ?? 0)));
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + gap.length, -gap.length));
  const lineOf = (row: readonly string[]): string =>
    row.length === 0 ? rule : columns.map((column, index) => pad(row[index] ?? '', widths[index]!, column)).join(gap);
  return [titles, [], ...rows].map((row) => lineOf(row).trimEnd()).join('\n');
}

const gap = '   ';

function pad(text: string, width: number, { align }: Column): string {
  return align === 'left' ? text.padEnd(width) : text.padStart(width);
}
