/** Base of every error that Stepstream throws: `code` is stable, the message says what happened and what to do. */
export abstract class StepstreamError extends Error {
  /** The class name in upper snake case without `Error`; saved with a job that fails of it. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

// --- what is wrong with the program ---

/** One mistake in the declarations that `createApp` was given. */
export interface Fault {
  readonly code:
    | 'NOT_A_PROCESSOR'
    | 'NO_STEPS'
    | 'DUPLICATE_STEP'
    | 'DUPLICATE_PROCESSOR'
    | 'PROCESSOR_ON_WRONG_TARGET'
    | 'STEP_ON_WRONG_TARGET'
    | 'DECORATOR_NOT_CALLED'
    | 'STANDARD_DECORATORS'
    | 'STEP_ORDER'
    | 'WORKER_OPTIONS_DIFFER'
    | 'INVALID_NAME'
    | 'INVALID_OPTION'
    | 'UNKNOWN_OPTION';
  /** Where: class, method or option. */
  readonly at: string;
  readonly message: string;
}

/** Faults that a message names, of a bulk of thousands of jobs for example. */
const mostNamed = 20;

/** Declarations or options are wrong; all `faults` are found together, and the message names the first 20. */
export class ConfigurationError extends StepstreamError {
  override readonly code = 'CONFIGURATION';
  constructor(
    what: string,
    readonly faults: readonly Fault[] = [],
  ) {
    const lines = faults.slice(0, mostNamed).map(({ at, message, code }) => `  - ${at}: ${message} [${code}]`);
    if (faults.length > mostNamed) lines.push(`  - and ${faults.length - mostNamed} more`);
    super([what, ...lines].join('\n'));
  }
}

/** The class is not decorated with `@Processor`, or not one of the app's. */
export class UnknownProcessorError extends StepstreamError {
  override readonly code = 'UNKNOWN_PROCESSOR';
}

/** The container couldn't make an instance of a processor. */
export class ResolveError extends StepstreamError {
  override readonly code = 'RESOLVE';
}

/** A durable operator was applied where its place can't be known: outside the synchronous part of a step method. */
export class GateOutsideStepError extends StepstreamError {
  override readonly code = 'GATE_OUTSIDE_STEP';
}

/** More than 100 gates in one step. */
export class TooManyGatesError extends StepstreamError {
  override readonly code = 'TOO_MANY_GATES';
}

/** Two gates of one step have the same key. */
export class DuplicateGateKeyError extends StepstreamError {
  override readonly code = 'DUPLICATE_GATE_KEY';
}

/** A passed gate was subscribed more than 1,000 times without a return to the event loop. */
export class GateLoopError extends StepstreamError {
  override readonly code = 'GATE_LOOP';
}

/** A step method returned something that isn't an Observable, a promise, an async iterable or subscribable. */
export class StepReturnError extends StepstreamError {
  override readonly code = 'STEP_RETURN';
}

/** A duration that is negative, not a number, or not understood. */
export class InvalidDurationError extends StepstreamError {
  override readonly code = 'INVALID_DURATION';
}

/** A child that `awaitChildren` or `addChildren` was given can't be added. */
export class InvalidChildError extends StepstreamError {
  override readonly code = 'INVALID_CHILD';
}

// --- what is wrong with a value ---

/** The codec refuses a value that could not be read back as it is; `path` tells where in it. */
export class UnserializableValueError extends StepstreamError {
  override readonly code = 'UNSERIALIZABLE_VALUE';
  constructor(
    message: string,
    readonly path = '',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** One payload is larger than 1 MiB. */
export class PayloadTooLargeError extends StepstreamError {
  override readonly code = 'PAYLOAD_TOO_LARGE';
}

/** All that is saved of a job's progress is larger than 8 MiB, or a gate has more than 10,000 children. */
export class CheckpointLimitError extends StepstreamError {
  override readonly code = 'CHECKPOINT_LIMIT';
}

/** What is stored can't be decoded. */
export class CorruptPayloadError extends StepstreamError {
  override readonly code = 'CORRUPT_PAYLOAD';
}

// --- what ends a job ---

/** Thrown in a step: fails the job at once, whatever attempts are left. */
export class UnrecoverableError extends StepstreamError {
  override readonly code: string = 'UNRECOVERABLE';
}

/** A child that is awaited failed for good, or was removed before it had finished. */
export class ChildFailedError extends UnrecoverableError {
  override readonly code = 'CHILD_FAILED';
}

/** A step was active for longer than its `timeout`. */
export class StepTimeoutError extends StepstreamError {
  override readonly code = 'STEP_TIMEOUT';
}

/** The checkpoint names a step that no worker knew for `unknownStepGrace`. */
export class UnknownStepError extends StepstreamError {
  override readonly code = 'UNKNOWN_STEP';
}

/** The checkpoint's gates aren't those of the code, and no worker with the right code came for `unknownStepGrace`. */
export class CheckpointMismatchError extends StepstreamError {
  override readonly code = 'CHECKPOINT_MISMATCH';
}

/** No processor of the queue takes jobs of this name, for `unknownStepGrace`. */
export class UnknownJobNameError extends StepstreamError {
  override readonly code = 'UNKNOWN_JOB_NAME';
}

/** Workers died with the job more than `maxStalledCount` times since its last checkpoint. */
export class JobStalledError extends StepstreamError {
  override readonly code = 'JOB_STALLED';
}

/** The job was cancelled; the message is the reason. */
export class JobCancelledError extends StepstreamError {
  override readonly code = 'JOB_CANCELLED';
}

/** A job that `job.result()` waited for failed with an error that isn't Stepstream's. */
export class JobFailedError extends StepstreamError {
  override readonly code = 'JOB_FAILED';
}

/** The job is not in the store (any more). */
export class JobNotFoundError extends StepstreamError {
  override readonly code = 'JOB_NOT_FOUND';
}

/** What was asked for can't be done to the job in the state that it is in. */
export class JobStateError extends StepstreamError {
  override readonly code = 'JOB_STATE';
}

/** What was asked for can't be done to the queue as it is. */
export class QueueStateError extends StepstreamError {
  override readonly code = 'QUEUE_STATE';
}

/** The job ran for longer than its worker's `timeout`. */
export class JobTimeoutError extends StepstreamError {
  override readonly code = 'JOB_TIMEOUT';
}

/** `job.waitUntilFinished()` didn't see the job finish in the time that it was given. */
export class WaitTimeoutError extends StepstreamError {
  override readonly code = 'WAIT_TIMEOUT';
}

// --- how a worker's function says that its job has not finished ---

/** Thrown by a worker's function after `job.moveToDelayed(…)`: the job is neither completed nor failed. */
export class DelayedError extends StepstreamError {
  override readonly code = 'DELAYED';
  constructor(message = 'the job was moved to delayed') {
    super(message);
  }
}

/** Thrown by a worker's function after `job.moveToWaitingChildren(…)`: the job is neither completed nor failed. */
export class WaitingChildrenError extends StepstreamError {
  override readonly code = 'WAITING_CHILDREN';
  constructor(message = 'the job was moved to waiting-children') {
    super(message);
  }
}

/** Thrown by a worker's function: the job is put back at the head of the queue, without an attempt counted. */
export class WaitingError extends StepstreamError {
  override readonly code = 'WAITING';
  constructor(message = 'the job was moved back to wait') {
    super(message);
  }
}

/** Thrown by a worker's function after `worker.rateLimit(ms)`: the job is put back, without an attempt counted. */
export class RateLimitError extends StepstreamError {
  override readonly code = 'RATE_LIMIT';
  constructor(message = 'the queue is rate limited') {
    super(message);
  }
}

// --- what happens to a worker ---

/** A write was refused: the lease isn't the job's, has run out, or the job went on without this activation. */
export class LeaseLostError extends StepstreamError {
  override readonly code = 'LEASE_LOST';
}

/** The app or the queue is closed. */
export class ClosedError extends StepstreamError {
  override readonly code = 'CLOSED';
}

// --- what is wrong with the store ---

/** The store can't be reached, or refuses for now; `reason`: its own error word (`OOM`), `CONNECTION` or `TIMEOUT`. */
export class StoreUnavailableError extends StepstreamError {
  override readonly code = 'STORE_UNAVAILABLE';
  constructor(
    message: string,
    readonly reason = '',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The store answered with an error that doesn't pass by itself; `reason`: its own error word (`WRONGTYPE`). */
export class StoreFaultError extends StepstreamError {
  override readonly code = 'STORE_FAULT';
  constructor(
    message: string,
    readonly reason = '',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The store is too old, or set up in a way that jobs can't be kept in it. */
export class UnsupportedStoreError extends StepstreamError {
  override readonly code = 'UNSUPPORTED_STORE';
}

/** The error that a job failed of, from what was saved of it; `undefined` when it isn't one of those above. */
export function reviveError(code: string | undefined, message: string): StepstreamError | undefined {
  const make = revivable.find(([each]) => each === code)?.[1];
  return make && new make(message);
}

const revivable: readonly (readonly [code: string, make: new (message: string) => StepstreamError])[] = [
  ConfigurationError,
  UnknownProcessorError,
  ResolveError,
  GateOutsideStepError,
  TooManyGatesError,
  DuplicateGateKeyError,
  GateLoopError,
  StepReturnError,
  InvalidDurationError,
  InvalidChildError,
  UnserializableValueError,
  PayloadTooLargeError,
  CheckpointLimitError,
  CorruptPayloadError,
  UnrecoverableError,
  ChildFailedError,
  StepTimeoutError,
  UnknownStepError,
  CheckpointMismatchError,
  UnknownJobNameError,
  JobStalledError,
  JobCancelledError,
  JobStateError,
  JobTimeoutError,
  StoreUnavailableError,
  StoreFaultError,
  UnsupportedStoreError,
].map((make) => [new make('').code, make]);
