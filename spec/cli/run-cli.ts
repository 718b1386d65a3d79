import { resolve } from 'node:path';
import type { Surroundings } from '../../src/cli/command.js';
import { run } from '../../src/cli/run.js';
import { terminalOf } from '../../src/cli/terminal/terminal.js';

export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the program within this process. */
export async function cli(args: readonly string[], surroundings: Partial<Surroundings> = {}): Promise<Printed> {
  const written = { out: '', err: '' };
  const to = (stream: keyof typeof written) => ({ write: (text: string) => void (written[stream] += text) });
  const terminal = terminalOf({ stdout: to('out'), stderr: to('err'), env: {} } as never);
  const program = resolve('src/cli/main.ts');
  const code = await run(args, { terminal, program, env: {}, folder: '/', ...surroundings });
  return { code, ...written };
}

/** A line's cells. */
export function cellsOf(line: string): readonly string[] {
  return line.trim().split(/ {2,}/);
}
