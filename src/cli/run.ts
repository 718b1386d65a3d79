import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ConfigurationError } from '../index.js';
import { UsageError, exitCodes, type Command, type ExitCode, type Surroundings } from './command.js';
import { doctor } from './doctor/doctor.js';
import { readGiven } from './given.js';
import { helpOf, overview } from './help.js';
import { cancel, promote, retry } from './jobs/change.js';
import { list } from './jobs/list.js';
import { queues } from './jobs/queues.js';
import { show } from './jobs/show.js';
import { isStoreError } from './store-error.js';
import { asJson } from './terminal/json.js';
import { printable, withoutPasswords } from './terminal/printable.js';

const commands: readonly Command[] = [doctor, queues, list, show, retry, cancel, promote];

/** Runs the program with these arguments; answers what it exits with. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { terminal } = surroundings;
  try {
    return await dispatch(args, surroundings);
  } catch (error) {
    if (error instanceof UsageError || error instanceof ConfigurationError) {
      terminal.complain(`stepstream: ${textOf(error)}`);
      terminal.complain('stepstream --help tells what there is');
      return exitCodes.usage;
    }
    if (!isStoreError(error)) throw error; // a mistake of this program
    if (args.includes('--json')) terminal.print(asJson({ error: { code: error.code, message: textOf(error) } }));
    else terminal.complain(`stepstream: ${textOf(error)}`);
    return exitCodes.store;
  }
}

async function dispatch(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { terminal, program } = surroundings;
  const command = commands.find(({ name }) => name.split(' ').every((word, index) => args[index] === word));
  if (command) {
    const given = readGiven(command, args.slice(command.name.split(' ').length));
    if (!given.flag('help')) return command.run(given, surroundings);
    terminal.print(helpOf(command));
    return exitCodes.ok;
  }
  const [first = '', second] = args;
  if (first === '--version' || first === '-v') {
    terminal.print(versionOf(program));
    return exitCodes.ok;
  }
  const group = commands.some(({ name }) => name.startsWith(`${first} `)) ? first : '';
  const asked = args.at(group ? 1 : 0);
  if (asked === '--help' || asked === '-h') {
    terminal.print(overview(commands, group));
    return exitCodes.ok;
  }
  if (asked !== undefined) throw new UsageError(`there is no command ${[first, ...(group ? [second] : [])].join(' ')}`);
  terminal.complain(overview(commands, group));
  return exitCodes.usage;
}

/** It may quote what a stranger has stored, or a URL that was mistyped. */
function textOf({ message }: Error): string {
  return withoutPasswords(message.split('\n').map(printable).join('\n'));
}

/** Of the package that the program is of. */
function versionOf(program: string): string {
  const path = createRequire(program).resolve('stepstream/package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
