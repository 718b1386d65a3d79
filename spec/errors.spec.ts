import * as stepstream from 'stepstream';
import * as errors from '../src/errors.js';
import { StepstreamError, reviveError } from '../src/errors.js';

type ErrorClass = new (message: string, options?: ErrorOptions) => StepstreamError;

/** Every error class of the module, by name; the base is abstract and throws nothing. */
const classes: readonly (readonly [string, ErrorClass])[] = Object.entries(errors).flatMap(([name, value]) =>
  typeof value === 'function' && value.prototype instanceof StepstreamError ? [[name, value as ErrorClass]] : [],
);

/** The codes that are saved with jobs and compared by users: a change here breaks them. */
const codes: Readonly<Record<string, string>> = {
  ConfigurationError: 'CONFIGURATION',
  UnknownProcessorError: 'UNKNOWN_PROCESSOR',
  ResolveError: 'RESOLVE',
  GateOutsideStepError: 'GATE_OUTSIDE_STEP',
  TooManyGatesError: 'TOO_MANY_GATES',
  DuplicateGateKeyError: 'DUPLICATE_GATE_KEY',
  GateLoopError: 'GATE_LOOP',
  StepReturnError: 'STEP_RETURN',
  InvalidDurationError: 'INVALID_DURATION',
  InvalidChildError: 'INVALID_CHILD',
  UnserializableValueError: 'UNSERIALIZABLE_VALUE',
  PayloadTooLargeError: 'PAYLOAD_TOO_LARGE',
  CheckpointLimitError: 'CHECKPOINT_LIMIT',
  CorruptPayloadError: 'CORRUPT_PAYLOAD',
  UnrecoverableError: 'UNRECOVERABLE',
  ChildFailedError: 'CHILD_FAILED',
  StepTimeoutError: 'STEP_TIMEOUT',
  UnknownStepError: 'UNKNOWN_STEP',
  CheckpointMismatchError: 'CHECKPOINT_MISMATCH',
  UnknownJobNameError: 'UNKNOWN_JOB_NAME',
  JobStalledError: 'JOB_STALLED',
  JobFailedError: 'JOB_FAILED',
  JobNotFoundError: 'JOB_NOT_FOUND',
  JobStateError: 'JOB_STATE',
  QueueStateError: 'QUEUE_STATE',
  JobTimeoutError: 'JOB_TIMEOUT',
  WaitTimeoutError: 'WAIT_TIMEOUT',
  DelayedError: 'DELAYED',
  WaitingChildrenError: 'WAITING_CHILDREN',
  WaitingError: 'WAITING',
  RateLimitError: 'RATE_LIMIT',
  LeaseLostError: 'LEASE_LOST',
  ClosedError: 'CLOSED',
};

describe('errors', () => {
  it('the message of a ConfigurationError names the first faults of many, and how many there are; it has them all', () => {
    const faults = Array.from({ length: 5_000 }, (_, index) => ({
      code: 'INVALID_NAME' as const,
      at: `jobs[${index}]`,
      message: 'a name is text',
    }));
    const error = new errors.ConfigurationError('Nothing was added:', faults);
    const lines = error.message.split('\n');
    expect(lines.slice(0, 2)).toEqual(['Nothing was added:', '  - jobs[0]: a name is text [INVALID_NAME]']);
    expect(lines.slice(20)).toEqual(['  - jobs[19]: a name is text [INVALID_NAME]', '  - and 4980 more']);
    expect(error.faults).toHaveLength(5_000);
  });

  it.each(classes)(
    'every error class has a stable code that is the class name in upper snake case without Error, and is exported from index: %s',
    (name, errorClass) => {
      const { code } = new errorClass('');
      expect(code).toBe(
        name
          .replace(/Error$/, '')
          .replace(/(?<=[a-z])[A-Z]/g, '_$&')
          .toUpperCase(),
      );
      expect(stepstream).toHaveProperty(name, errorClass);
    },
  );

  it('no code that was published is gone', () => {
    const byName = new Map(classes.map(([name, errorClass]) => [name, new errorClass('').code]));
    expect(Object.fromEntries(Object.keys(codes).map((name) => [name, byName.get(name)]))).toEqual(codes);
  });

  it('an error carries its class name, message and stack', () => {
    for (const [name, errorClass] of classes) {
      const error = new errorClass('what happened');
      expect(error).toMatchObject({ name, message: 'what happened' });
      expect(error.stack).toContain(`${name}: what happened`);
    }
  });

  it('the cause is kept', () => {
    const cause = new Error('cause');
    expect(new stepstream.ResolveError('', { cause }).cause).toBe(cause);
  });

  it('a ConfigurationError names every fault with its place and code', () => {
    const error = new stepstream.ConfigurationError('The app has mistakes:', [
      { code: 'NO_STEPS', at: 'Orders', message: 'no step' },
      { code: 'INVALID_NAME', at: 'Parcels', message: 'no name' },
    ]);
    expect(error.message).toBe(
      'The app has mistakes:\n  - Orders: no step [NO_STEPS]\n  - Parcels: no name [INVALID_NAME]',
    );
    expect(error.faults.map(({ at }) => at)).toEqual(['Orders', 'Parcels']);
  });

  it('what was saved of a failure becomes the class again that it was, and nothing else', () => {
    const revived = reviveError('CHILD_FAILED', 'the reason');
    expect(revived).toBeInstanceOf(stepstream.ChildFailedError);
    expect(revived?.message).toBe('the reason');
    expect(reviveError('SOMETHING_ELSE', '')).toBeUndefined();
    expect(reviveError('constructor', '')).toBeUndefined();
    expect(reviveError(undefined, '')).toBeUndefined();
  });

  it('every error that a job can fail of can be revived by its code', () => {
    const failsNoJob = new Set(
      'RESOLVE JOB_FAILED JOB_NOT_FOUND LEASE_LOST CLOSED QUEUE_STATE WAIT_TIMEOUT DELAYED WAITING_CHILDREN WAITING RATE_LIMIT'.split(
        ' ',
      ),
    );
    const codesOfJobs = classes
      .map(([, errorClass]) => new errorClass('').code)
      .filter((code) => !failsNoJob.has(code));
    expect(codesOfJobs.filter((code) => reviveError(code, '')?.code !== code)).toEqual([]);
  });
});
