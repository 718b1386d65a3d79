import { exitCodes, type Command, type CommandOption } from './command.js';
import { commonOptions } from './given.js';
import { columns } from './terminal/columns.js';

const exits = [
  'Exit codes:',
  ...columns([
    [`  ${exitCodes.ok}`, 'done, and nothing to complain of'],
    [`  ${exitCodes.found}`, 'doctor has found a problem; not all jobs could be shown or changed'],
    [`  ${exitCodes.usage}`, 'the command is wrong: nothing was done'],
    [`  ${exitCodes.store}`, "Redis can't be reached or used"],
  ]),
];

/** Of all commands, or of those whose names begin so. */
export function overview(commands: readonly Command[], group = ''): string {
  const shown = commands.filter(({ name }) => name.startsWith(group));
  return [
    `Usage: stepstream ${group || '<command>'} ${group ? '<command> ' : ''}[options]`,
    '',
    'Commands:',
    ...columns(shown.map(({ name, summary }) => [`  ${name}`, summary])),
    '',
    `stepstream ${group && `${group} `}<command> --help tells more of each; stepstream --version prints the version.`,
    '',
    ...exits,
  ].join('\n');
}

export function helpOf({ name, description, arguments: args, options }: Command): string {
  const rows = Object.entries<CommandOption>({ ...options, ...commonOptions }).map(
    ([option, { short, value, help, multiple }]) =>
      [
        `  ${short ? `-${short}, ` : ''}--${option}${value ? ` <${value}>` : ''}`,
        multiple ? `${help}; may be repeated` : help,
      ] as const,
  );
  const usage = ['stepstream', name, ...args, '[options]'].join(' ');
  return [`Usage: ${usage}`, '', description, '', 'Options:', ...columns(rows), '', ...exits].join('\n');
}
