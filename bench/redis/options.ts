import { parseArgs } from 'node:util';
import { rows, type Row } from './rows.js';
import type { SideName } from './workload.js';

export interface Options {
  readonly rows: readonly Row[];
  readonly sides: readonly SideName[];
  readonly rounds: number;
  readonly json: boolean;
  readonly smoke: boolean;
  /** Measure what takes minutes, too. */
  readonly slow: boolean;
  /** The folder of CPU profiles. */
  readonly profile?: string;
}

const usage = `npm run bench -- [options]
  --rounds n          rounds per row and side, 5 by default
  --rows a,b          some rows: ${rows.map(({ id }) => id).join(', ')}
  --only a,b          some sides: bullmq, stepstream, bare
  --slow              BullMQ's take-over too, once: two minutes
  --smoke             tiny sizes, one round, no figures: do all sides finish the same work?
  --json              JSON in place of the table
  --profile folder    CPU profiles of what the clocks are on (not of latencies), there and in short on stderr`;

/** Reads the command line; what is wrong with it is told, and ends the process. */
export function optionsOf(args: readonly string[]): Options {
  try {
    return read(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return process.exit(2);
  }
}

function read(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      rows: { type: 'string' },
      only: { type: 'string' },
      slow: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit();
  }
  const { slow, smoke, json } = values;
  const rounds = smoke ? 1 : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds: a whole number from 1 up');
  const ids = listOf(
    '--rows',
    values.rows,
    rows.map(({ id }) => id),
  );
  const chosen = rows.filter(({ id, smoke: size }) => ids.includes(id) && (!smoke || size !== undefined));
  if (chosen.length === 0) throw new Error(`--smoke: there is no small ${ids.join(', ')}`);
  return {
    rows: chosen,
    sides: listOf('--only', values.only, ['bullmq', 'stepstream', 'bare'] as const),
    rounds,
    json,
    smoke,
    slow,
    ...(values.profile !== undefined && { profile: values.profile }),
  };
}

function listOf<Name extends string>(
  option: string,
  given: string | undefined,
  known: readonly Name[],
): readonly Name[] {
  const names = given?.split(',') ?? known;
  const stranger = names.find((name) => !known.includes(name as Name));
  if (stranger !== undefined) throw new Error(`${option}: there is no ${stranger}, only ${known.join(', ')}`);
  return names as readonly Name[];
}
