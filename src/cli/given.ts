import { parseArgs } from 'node:util';
import { UsageError, type Command, type CommandOption, type CommandOptions, type Given } from './command.js';

/** What every command takes. */
export const commonOptions = {
  json: { type: 'boolean', help: 'print JSON, for programs' },
  help: { type: 'boolean', short: 'h', help: 'print this' },
} as const satisfies CommandOptions;

/**
 * Reads what a command was given.
 *
 * @throws UsageError for an option that it doesn't have, and a wrong number of arguments
 */
export function readGiven(command: Command, args: readonly string[]): Given {
  const { values, positionals } = parse(command, args);
  const given: Given = {
    arguments: positionals.map(unmasked),
    flag: (option) => values[option] === true,
    text: (option) => textsOf(values[option]).map(unmasked).at(-1),
    texts: (option) => textsOf(values[option]).map(unmasked),
  };
  if (!given.flag('help')) checkCount(command, given.arguments);
  return given;
}

type Values = Readonly<Record<string, undefined | string | boolean | readonly (string | boolean)[]>>;

function parse(command: Command, args: readonly string[]): { values: Values; positionals: readonly string[] } {
  const entries = Object.entries<CommandOption>({ ...command.options, ...commonOptions });
  const options = Object.fromEntries(
    entries.map(([name, { type, short }]) => [name, { type, multiple: type === 'string', ...(short && { short }) }]),
  );
  try {
    return parseArgs({ args: args.map(masked), options, allowPositionals: true }) as never;
  } catch (error) {
    throw new UsageError((error as Error).message.split('. To specify')[0]!.replaceAll('\n', ' '));
  }
}

/** Ids that the engine makes may begin with a dash, and no option but `-h` has one: behind a NUL, which no argument has, it is read over. */
function masked(arg: string): string {
  return /^-(?!-|h$)./.test(arg) ? `\0${arg}` : arg;
}

function unmasked(arg: string): string {
  return arg.replace('\0', '');
}

function textsOf(value: Values[string]): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function checkCount({ arguments: expected }: Command, given: readonly string[]): void {
  const missing = expected.slice(given.length).find((each) => each.startsWith('<'));
  if (missing) throw new UsageError(`${missing} is missing`);
  if (expected.at(-1)?.includes('...') || given.length <= expected.length) return;
  throw new UsageError(`one argument too many: ${given[expected.length]}`);
}
