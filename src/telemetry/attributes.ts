import type { Attributes } from './telemetry.js';

export const system = 'stepstream';

/** Of OpenTelemetry's messaging conventions, and ours: no job's data is among them. */
export const keys = {
  system: 'messaging.system.name',
  destination: 'messaging.destination.name',
  operation: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  messageId: 'messaging.message.id',
  batchCount: 'messaging.batch.message_count',
  errorType: 'error.type',
  jobName: 'stepstream.job.name',
  jobState: 'stepstream.job.state',
  attemptsMade: 'stepstream.job.attempts_made',
  step: 'stepstream.step.name',
  visit: 'stepstream.step.visit',
  outcome: 'stepstream.outcome',
} as const;

/** What the conventions ask of each span and figure of an operation on a queue. */
export function operation(name: string, type: 'send' | 'process', queue: string): Attributes {
  return {
    [keys.system]: system,
    [keys.destination]: queue,
    [keys.operation]: name,
    [keys.operationType]: type,
  };
}

/** What the figures of a queue have in common. */
export function ofQueue(queue: string): Attributes {
  return { [keys.system]: system, [keys.destination]: queue };
}

const isClassName = /^[\p{L}\p{N}_$.]{1,128}$/u;

/** The class of an error: few there are, and none holds what an error's message may. */
export function errorType(error: unknown): string {
  try {
    const made: unknown = typeof error === 'object' ? error?.constructor : undefined;
    const name: unknown = typeof made === 'function' ? made.name : undefined; // of JSON that was thrown it may be anything
    if (typeof name === 'string' && isClassName.test(name) && name !== 'Object') return name;
  } catch {
    // a stranger's: a proxy's trap
  }
  return '_OTHER';
}
