import type { Terminal } from './terminal/terminal.js';

/** What the program exits with. */
export const exitCodes = {
  /** Done, and nothing to complain of. */
  ok: 0,
  /** `doctor` has found a problem; not all jobs could be shown or changed. */
  found: 1,
  /** The command is wrong: nothing was done. */
  usage: 2,
  /** Redis can't be reached or used. */
  store: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The command was given wrongly; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface CommandOption {
  readonly type: 'string' | 'boolean';
  /** One letter that stands for it. */
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for its value in the help. */
  readonly value?: string;
  readonly help: string;
}

export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** Options and arguments as they were given; what a command's own options allow. */
export interface Given {
  readonly arguments: readonly string[];
  flag(option: string): boolean;
  text(option: string): string | undefined;
  texts(option: string): readonly string[];
}

/** Where the program runs. */
export interface Surroundings {
  readonly terminal: Terminal;
  /** The file that was started. */
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that it was started in. */
  readonly folder: string;
}

export interface Command {
  /** The words by which it is called. */
  readonly name: string;
  /** A line for the list of commands. */
  readonly summary: string;
  /** What there is to know beside the options. */
  readonly description: string;
  /** `<required>`, `[optional]`, `<one or more...>`. */
  readonly arguments: readonly string[];
  readonly options: CommandOptions;
  /** @throws UsageError, and what the store throws */
  run(given: Given, surroundings: Surroundings): Promise<ExitCode>;
}
