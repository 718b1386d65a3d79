import type { WriteStream } from 'node:tty';

/** Lines that scroll by, and a bar that stays below them. */
export interface Screen {
  line(kind: string, text: string): void;
  /** @param part how much is done, from 0 to 1 */
  bar(part: number, text: string): void;
  /** Takes the bar away. */
  clear(): void;
}

type Output = Pick<WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

/** On a terminal lines and a bar; in a pipe, a log or a CI job, and where NO_COLOR is set, plain lines alone. */
export function openScreen(output: Output, env: NodeJS.ProcessEnv = process.env): Screen {
  const start = performance.now();
  const lineOf = (kind: string, text: string): string =>
    `${((performance.now() - start) / 1000).toFixed(2).padStart(6)} s   ${kind.padEnd(10)}   ${text}\n`;

  if (!output.isTTY || env['NO_COLOR'] || env['TERM'] === 'dumb') {
    return { line: (kind, text) => void output.write(lineOf(kind, text)), bar: () => {}, clear: () => {} };
  }
  let bar = '';
  return {
    line: (kind, text) => void output.write(`${eraseLine}${lineOf(kind, text)}${bar}`),
    bar: (part, text) => {
      // a line that wraps could not be erased
      bar = `${cyan}${barOf(part, text).slice(0, (output.columns || 80) - 1)}${noColor}`;
      output.write(`${eraseLine}${bar}`);
    },
    clear: () => {
      bar = '';
      output.write(eraseLine);
    },
  };
}

const eraseLine = '\r\u001B[2K';
const cyan = '\u001B[36m';
const noColor = '\u001B[39m';
const barWidth = 30;

function barOf(part: number, text: string): string {
  const full = Math.round(Math.min(Math.max(part, 0), 1) * barWidth);
  return `${'█'.repeat(full).padEnd(barWidth, '░')}  ${text}`;
}
