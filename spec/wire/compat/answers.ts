import type { Job } from 'bullmq';

/** A job's public members. */
const members = [
  'id',
  'name',
  'data',
  'opts',
  'timestamp',
  'delay',
  'priority',
  'progress',
  'returnvalue',
  'failedReason',
  'stacktrace',
  'attemptsMade',
  'attemptsStarted',
  'stalledCounter',
  'processedOn',
  'processedBy',
  'finishedOn',
  'deferredFailure',
  'deduplicationId',
  'repeatJobKey',
  'parent',
  'parentKey',
  'token',
  'queueName',
  'prefix',
  'queueQualifiedName',
] as const;

/** What a call answered, as text: of a job its public members, of an error its class and message. */
export function plain(answer: unknown): string {
  if (answer === undefined) return 'undefined';
  if (typeof answer === 'function') return 'a function';
  if (typeof answer !== 'object' || answer === null) return JSON.stringify(answer);
  if (Array.isArray(answer)) return `[${answer.map(plain).join(', ')}]`;
  if (answer instanceof Error) return `${answer.name}(${JSON.stringify(answer.message)})`;
  if (isJob(answer)) return `Job ${plain(Object.fromEntries(members.map((name) => [name, told(name, answer)])))}`;
  const fields = Object.entries(answer).filter(([, value]) => value !== undefined);
  return `{${fields
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}: ${plain(value)}`)
    .join(', ')}}`;
}

function isJob(answer: object): answer is Job {
  return 'queueQualifiedName' in answer && 'getState' in answer;
}

/** Of a stack only its first line; a token is anything. */
function told(name: (typeof members)[number], job: Job): unknown {
  if (name === 'stacktrace') return job.stacktrace?.map((stack) => stack.split('\n')[0]);
  if (name === 'token') return job.token && 'some';
  return job[name];
}
