import { systemClock, type JobState } from '../../index.js';
import { exitCodes, UsageError, type Command, type Given } from '../command.js';
import { storeOptions, withRedis } from '../store.js';
import { columns } from '../terminal/columns.js';
import { asJson } from '../terminal/json.js';
import { shortJson, shortened } from '../terminal/printable.js';
import { distance } from '../terminal/time-text.js';
import { summaryOf, type JobSummary } from './job-summary.js';

/** In the order in which they are shown. */
export const states = [
  'active',
  'waiting',
  'prioritized',
  'delayed',
  'waiting-children',
  'completed',
  'failed',
] as const satisfies readonly JobState[];

const defaultSize = 20;
const largestSize = 1_000;

export const list: Command = {
  name: 'jobs list',
  summary: 'the jobs of a queue, by state',
  description:
    'Lists the jobs of a queue: those that run next first, finished ones from the newest; with the step that each is in,\n' +
    'and its last saved emission.',
  arguments: ['<queue>'],
  options: {
    state: { type: 'string', multiple: true, value: 'state', help: `${states.join(', ')}; default: all` },
    size: { type: 'string', value: 'n', help: `jobs of each state, up to ${largestSize}; default: ${defaultSize}` },
    page: { type: 'string', value: 'n', help: 'from 1, the default' },
    ...storeOptions,
  },
  async run(given, surroundings) {
    const [name = ''] = given.arguments;
    const asked = statesOf(given);
    const size = numberOf(given, 'size', defaultSize, largestSize);
    const page = numberOf(given, 'page', 1, Number.MAX_SAFE_INTEGER / largestSize);
    const { counts, jobs } = await withRedis(given, surroundings, async (app) => {
      const queue = app.queue(name);
      const [all, ...lists] = await Promise.all([
        queue.getJobCounts(...asked),
        ...asked.map(async (state) => {
          const isFinished = state === 'completed' || state === 'failed';
          const found = await queue.getJobs(state, (page - 1) * size, page * size - 1, !isFinished);
          return found.map((job) => summaryOf(job, state));
        }),
      ]);
      return { counts: all, jobs: lists.flat() };
    });
    const { terminal } = surroundings;
    if (given.flag('json')) terminal.print(asJson({ queue: name, counts, page, size, jobs }));
    else {
      for (const line of tableOf(jobs, systemClock.now())) terminal.print(line);
      const totals = Object.entries(counts).filter(([, count]) => count > 0);
      const text = totals.map(([state, count]) => `${count} ${state}`).join(', ') || 'no such jobs';
      terminal.print(terminal.style.dim(`${name}: ${text}${jobs.length > 0 && page > 1 ? `; page ${page}` : ''}`));
    }
    return exitCodes.ok;
  },
};

/** @throws UsageError */
function statesOf(given: Given): readonly JobState[] {
  const asked = given.texts('state').flatMap((text) => text.split(','));
  const wrong = asked.find((state) => !states.some((each) => each === state));
  if (wrong !== undefined) throw new UsageError(`there is no state ${wrong}; there are ${states.join(', ')}`);
  return asked.length > 0 ? states.filter((state) => asked.includes(state)) : states;
}

/** @throws UsageError */
export function numberOf(given: Given, option: string, otherwise: number, most: number): number {
  const text = given.text(option);
  if (text === undefined) return otherwise;
  if (/^[1-9]\d*$/.test(text) && Number(text) <= most) return Number(text);
  throw new UsageError(`--${option} must be a whole number from 1 to ${Math.floor(most)}`);
}

function tableOf(jobs: readonly JobSummary[], now: number): readonly string[] {
  if (jobs.length === 0) return [];
  const rows = jobs.map((job) => [
    shortened(job.id, 40),
    shortened(job.name, 30),
    job.state,
    shortened(job.step ?? '-', 30),
    String(job.attemptsMade),
    whenOf(job, now),
    job.failedReason === undefined ? shortJson(emissionOf(job.progress), 60) : shortened(job.failedReason, 60),
  ]);
  return columns([['ID', 'NAME', 'STATE', 'STEP', 'ATTEMPTS', 'WHEN', 'PROGRESS'], ...rows]);
}

/** Of a step's progress what the step has emitted. */
function emissionOf(progress: unknown): unknown {
  const isOfStep = typeof progress === 'object' && progress !== null && 'step' in progress && 'bytes' in progress;
  return isOfStep ? (progress as { readonly emission?: unknown }).emission : progress;
}

function whenOf({ state, due, finishedOn, processedOn, timestamp }: JobSummary, now: number): string {
  if (state === 'delayed' && due !== undefined) return `due ${distance(due, now)}`;
  if (state === 'active' && processedOn !== undefined) return `taken ${distance(processedOn, now)}`;
  return finishedOn === undefined ? `added ${distance(timestamp, now)}` : `finished ${distance(finishedOn, now)}`;
}
