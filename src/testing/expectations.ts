import { checkJob, describe, readJobLine, type Checked } from './check-job.js';
import { checkStep, readStepLine } from './check-step.js';
import type { Pinned } from './job-letters.js';
import type { JobHandle } from './job-handle.js';

/**
 * Called for each line with what was received and expected, as text, and with what there is to say when they differ. Throws
 * in that case. Default: an Error with the message.
 */
export type AssertLine = (received: string, expected: string, message: string | undefined) => void;

/** What a job must have gone through. */
export interface ExpectJob {
  /**
   * @param line letters are events, durations pass time: `'(cd) 3d (r|)'`
   * @param values what events must have, by letter, and meanings for letters of one's own
   * @throws Error at once for a line that can't be read
   */
  toBe(line: string, values?: Readonly<Record<string, Pinned>>): void;
}

/** What a step must have emitted. */
export interface ExpectStep {
  /**
   * @param line letters are saved emissions, `|` is the step's completion, `#` an error that counted an attempt
   * @param values the emissions, by letter; by default the letter itself
   * @param error the error's message; by default any
   * @throws Error at once for a line that can't be read
   */
  toBe(line: string, values?: Readonly<Record<string, unknown>>, error?: string): void;
}

/** Collects what is expected, to be looked at in the end. */
export class Expectations {
  readonly #all: { readonly check: () => Checked; readonly failed: Error }[] = [];

  readonly expectJob = (job: JobHandle): ExpectJob => {
    const toBe: ExpectJob['toBe'] = (line, values) => {
      const read = readJobLine(line, values);
      this.#all.push({ check: () => checkJob(String(job), read, job.events), failed: errorHere(toBe) });
    };
    return { toBe };
  };

  readonly expectStep = (job: JobHandle, step: string): ExpectStep => {
    const toBe: ExpectStep['toBe'] = (line, values, error) => {
      const read = readStepLine(line, values, error);
      const check = (): Checked => {
        const events = job.events.filter((event) => event.step === step);
        return checkStep(`step ${step} of ${String(job)}`, read, events);
      };
      this.#all.push({ check, failed: errorHere(toBe) });
    };
    return { toBe };
  };

  /** @param notes what else there is to say when something differs */
  check(assert: AssertLine | undefined, notes: () => readonly string[]): void {
    const checked = this.#all.splice(0).map(({ check, failed }) => ({ ...check(), failed }));
    const messages = checked.flatMap(({ message }) => message ?? []);
    const said = messages.length > 0 ? [...messages, ...notes()].join('\n\n') : undefined;
    for (const { expected, received, message, failed } of checked) {
      if (assert) assert(...shown(received, expected, message), message && said);
      else if (message !== undefined) throw saying(failed, said!);
    }
  }
}

/** Two lines may look alike and differ in what is pinned: then the message is what differs. */
function shown(received: string, expected: string, message: string | undefined): [received: string, expected: string] {
  return message !== undefined && received === expected ? [message, expected] : [received, expected];
}

/** How jobs stand that haven't come to their end. */
export function standing(jobs: readonly JobHandle[]): readonly string[] {
  return jobs
    .filter(({ state }) => state !== 'completed' && state !== 'failed')
    .map(
      (job) =>
        `in the end, ${String(job)} is ${job.state}${job.events.length > 0 ? `; last: ${describe(job.events.at(-1)!)}` : ''}`,
    );
}

/** An error whose stack leads to the line of the test that expects, to be thrown later. */
function errorHere(from: (...args: never[]) => unknown): Error {
  const error = new Error('expected here');
  Error.captureStackTrace(error, from);
  return error;
}

function saying(error: Error, message: string): Error {
  const frames = error.stack?.slice(error.stack.indexOf('\n')) ?? '';
  return Object.assign(error, { message, stack: `Error: ${message}${frames}` });
}
