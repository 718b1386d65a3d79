import { JobStateError, StepstreamError, StoreFaultError, type Job, type JobState, type Queue } from '../../index.js';
import {
  exitCodes,
  UsageError,
  type Command,
  type CommandOptions,
  type ExitCode,
  type Given,
  type Surroundings,
} from '../command.js';
import { storeOptions, withRedis } from '../store.js';
import { isStoreError, type StoreError } from '../store-error.js';
import { asJson } from '../terminal/json.js';
import { printable } from '../terminal/printable.js';

/** What became of one job, as `--json` prints it. */
interface Outcome {
  readonly id: string;
  readonly done: boolean;
  /** Why not. */
  readonly error?: { readonly code: string; readonly message: string };
}

export const retry: Command = changeCommand({
  name: 'jobs retry',
  summary: 'run failed jobs again, from their checkpoints',
  description:
    'Runs failed jobs again: each goes on at its checkpoint, and no finished step is run again. With --completed, completed\n' +
    'ones: those begin at their first step, as a new run with new idempotency keys.',
  done: 'will run again',
  options: { completed: { type: 'boolean', help: 'the jobs are completed ones' } },
  every: {
    help: 'all failed jobs of the queue, with --completed all completed ones',
    state: stateOf,
    change: (queue, given) => queue.retryJobs({ state: stateOf(given) }),
  },
  change: (job, given) => job.retry(stateOf(given)),
});

export const cancel: Command = changeCommand({
  name: 'jobs cancel',
  summary: 'fail jobs that have not finished, with their children',
  description:
    'Cancels jobs: one that is not running fails at once, its unfinished children too; one that runs is unsubscribed on its\n' +
    "worker, at the latest with that worker's next write or renewal.",
  done: 'cancelled',
  options: { reason: { type: 'string', value: 'text', help: "becomes the job's failure; default: cancelled" } },
  async change(job, given) {
    if (await job.cancel(given.text('reason'))) return;
    const state = await job.getState();
    throw new JobStateError(`job ${job.id} of queue ${job.queueName} is not to be cancelled: it is ${state}`);
  },
});

export const promote: Command = changeCommand({
  name: 'jobs promote',
  summary: 'let delayed jobs run now',
  description: 'Lets delayed jobs run now; one that sleeps in a `delay` passes it.',
  done: 'promoted',
  options: {},
  every: { help: 'all delayed jobs of the queue', state: () => 'delayed', change: (queue) => queue.promoteJobs() },
  change: (job) => job.promote(),
});

function stateOf(given: Given): 'completed' | 'failed' {
  return given.flag('completed') ? 'completed' : 'failed';
}

interface Change extends Pick<Command, 'name' | 'summary' | 'description'> {
  /** What is said of a job that it was done to. */
  readonly done: string;
  readonly options: CommandOptions;
  readonly every?: {
    readonly help: string;
    /** The one that the jobs are in. */
    state(given: Given): JobState;
    change(queue: Queue, given: Given): Promise<void>;
  };
  /** @throws what keeps it from being done */
  change(job: Job, given: Given): Promise<unknown>;
}

/** A command that does something to some jobs, one after the other; what it can't do to one keeps it from none. */
function changeCommand({ name, summary, description, done, options, every, change }: Change): Command {
  return {
    name,
    summary,
    description,
    arguments: ['<queue>', every ? '[id...]' : '<id...>'],
    options: { ...options, ...(every && { all: { type: 'boolean', help: every.help } }), ...storeOptions },
    async run(given, surroundings) {
      const [queueName = '', ...ids] = given.arguments;
      if (given.flag('all') === ids.length > 0) {
        throw new UsageError('which jobs? Give their ids, or --all');
      }
      return withRedis(given, surroundings, async (app) => {
        const queue = app.queue(queueName);
        if (every && given.flag('all')) {
          const count = await queue.getJobCountByTypes(every.state(given));
          await every.change(queue, given);
          return tellAll(queueName, count, done, given, surroundings);
        }
        const changed = await changeEach(queue, ids, (job) => change(job, given));
        return tell(queueName, changed, done, given, surroundings);
      });
    },
  };
}

interface Changed {
  readonly outcomes: readonly Outcome[];
  /** What kept the rest from being tried. */
  readonly gone?: StoreError;
}

async function changeEach(
  queue: Queue,
  ids: readonly string[],
  change: (job: Job) => Promise<unknown>,
): Promise<Changed> {
  const outcomes: Outcome[] = [];
  for (const id of ids) {
    try {
      outcomes.push(await outcomeOf(queue, id, change));
    } catch (error) {
      if (!isStoreError(error)) throw error;
      const rest = ids.slice(outcomes.length);
      return { outcomes: [...outcomes, ...rest.map((each) => ({ id: each, done: false, error }))], gone: error };
    }
  }
  return { outcomes };
}

/** @throws StoreError when the next job would have to wait for the store just as long */
async function outcomeOf(queue: Queue, id: string, change: (job: Job) => Promise<unknown>): Promise<Outcome> {
  try {
    const job = await queue.getJob(id);
    if (job) {
      await change(job);
      return { id, done: true };
    }
    const message = `job ${id} of queue ${queue.name} is not in the store`;
    return { id, done: false, error: { code: 'JOB_NOT_FOUND', message } };
  } catch (error) {
    const isOfThisJob = error instanceof StoreFaultError || (error instanceof StepstreamError && !isStoreError(error));
    if (!isOfThisJob) throw error;
    return { id, done: false, error };
  }
}

/** @throws StoreError that kept the rest from being tried, where it isn't told here */
function tell(
  queue: string,
  { outcomes, gone }: Changed,
  done: string,
  given: Given,
  { terminal }: Surroundings,
): ExitCode {
  if (given.flag('json')) {
    const jobs = outcomes.map((each) => ({ ...each, ...(each.error && { error: plain(each.error) }) }));
    terminal.print(asJson({ queue, jobs, ...(gone && { error: plain(gone) }) }));
    if (gone) return exitCodes.store;
  } else {
    for (const { id, error } of outcomes) {
      if (!error) terminal.print(printable(`job ${id} of queue ${queue}: ${done}`));
      else terminal.complain(printable(error === gone ? `job ${id} of queue ${queue}: not done` : error.message));
    }
    if (gone) throw gone;
  }
  return outcomes.every((outcome) => outcome.done) ? exitCodes.ok : exitCodes.found;
}

function plain({ code, message }: NonNullable<Outcome['error']>): NonNullable<Outcome['error']> {
  return { code, message };
}

function tellAll(queue: string, count: number, done: string, given: Given, { terminal }: Surroundings): ExitCode {
  if (given.flag('json')) terminal.print(asJson({ queue, all: true, count }));
  else terminal.print(`${count} ${count === 1 ? 'job' : 'jobs'} of queue ${queue}: ${done}`);
  return exitCodes.ok;
}
