import type { WriteStream } from 'node:tty';

/** Lines that scroll by, and a bar that stays below them. */
export interface Screen {
  line(kind: string, text: string): void;
  /** @param done from 0 to 1 */
  bar(label: string, done: number, text: string): void;
  /** Takes the bar away. */
  clear(): void;
}

type Output = Pick<WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

/** On a terminal, a screen with a bar; in a pipe, a log or a CI job, and where NO_COLOR is set, plain lines alone. */
export function openScreen(output: Output, env: NodeJS.ProcessEnv = process.env): Screen {
  const isPlain = !output.isTTY || Boolean(env['NO_COLOR']) || env['TERM'] === 'dumb';
  const start = performance.now();
  let bar = '';

  const lineOf = (kind: string, text: string): string => {
    const time = `${((performance.now() - start) / 1000).toFixed(2)} s`.padStart(8);
    return `${time}   ${kind.padEnd(10)}   ${text}`;
  };
  if (isPlain) {
    return { line: (kind, text) => void output.write(`${lineOf(kind, text)}\n`), bar: () => {}, clear: () => {} };
  }
  return {
    line: (kind, text) => void output.write(`${eraseLine}${lineOf(kind, text)}\n${bar}`),
    bar: (label, done, text) => {
      bar = cyan(barOf(label, done, text).slice(0, (output.columns ?? 80) - 1));
      output.write(`${eraseLine}${bar}`);
    },
    clear: () => {
      bar = '';
      output.write(eraseLine);
    },
  };
}

const eraseLine = '\r\u001B[2K';
const cyan = (text: string): string => `\u001B[36m${text}\u001B[39m`;
const barWidth = 30;

function barOf(label: string, done: number, text: string): string {
  const full = Math.round(Math.min(Math.max(done, 0), 1) * barWidth);
  return `${label.padStart(11)} ${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${text}`;
}
