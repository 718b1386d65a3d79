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

/** What a call answered, as text: a line, or one for each member of each job in it. */
export function linesOf(what: string, answer: unknown): readonly string[] {
  if (!holdsJob(answer)) return [`${what}: ${plain(answer)}`];
  if (Array.isArray(answer)) return answer.flatMap((each, index) => linesOf(`${what}[${index}]`, each));
  if (!isJob(answer)) return Object.entries(answer).flatMap(([name, each]) => linesOf(`${what}.${name}`, each));
  const told = members.map((name) => [name, memberOf(answer, name)] as const);
  return told.filter(([, value]) => value !== undefined).map(([name, value]) => `${what}.${name}: ${plain(value)}`);
}

function holdsJob(answer: unknown): answer is object {
  if (typeof answer !== 'object' || answer === null) return false;
  return isJob(answer) || Object.values(answer).some(holdsJob);
}

/** Of an error its class and message. */
function plain(answer: unknown): string {
  if (answer === undefined) return 'undefined';
  if (typeof answer === 'function') return 'a function';
  if (typeof answer !== 'object' || answer === null) return JSON.stringify(answer);
  if (Array.isArray(answer)) return `[${answer.map(plain).join(', ')}]`;
  if (answer instanceof Error) return `${answer.name}(${JSON.stringify(answer.message)})`;
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
function memberOf(job: Job, name: (typeof members)[number]): unknown {
  if (name === 'stacktrace') return job.stacktrace?.map((stack) => stack.split('\n')[0]);
  if (name === 'token') return job.token && 'some';
  return job[name];
}
