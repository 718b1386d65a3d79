import type { JobOptions } from '../engine/records.js';

/** A job as its steps see it. */
export interface StepJob<Data = any, Saved = unknown> {
  readonly id: string;
  readonly name: string;
  readonly queueName: string;
  readonly data: Data;
  readonly opts: JobOptions;
  /** When the job came to be, in milliseconds since the epoch. */
  readonly timestamp: number;
  /** Failed attempts of this visit. */
  readonly attemptsMade: number;
  readonly step: string;
  /** Entries into steps so far, this one included. */
  readonly visit: number;
  /** This step's last emission before the interruption: where to go on. */
  readonly saved: Saved | undefined;
  /** The last output of every finished step, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Aborted when the step is stopped before its stream has ended. */
  readonly signal: AbortSignal;
  /** The same over retries and crashes, another one on each visit: hand it to services that know the idea. */
  readonly idempotencyKey: string;
  /** One for each of several effects of a visit. */
  idempotencyKeyFor(label: string): string;
  /** Appends a row to the job's log. */
  log(row: string): void;
}
