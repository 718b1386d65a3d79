import type { JobLog } from './trace.js';

/** Jobs that will never go on, with nothing scheduled: most likely a promise, which virtual time can't wait for. */
export function stuckError(stuck: readonly JobLog[], waitedFor: string): Error {
  const jobs = stuck.map((log) => `${nameOf(log)} is still active${stepOf(log)}`);
  return new Error(
    [
      `${jobs.join(', and ')}, but ${waitedFor}.`,
      '',
      'Most likely its stream waits for a promise (an async function, from(promise), defer(async …)), which resolves in real time only:',
      '  - in what the test passes in, return an Observable made with cold(…) or of(…) in its place;',
      '  - or test that code in the asynchronous mode: await bed.advance(…), await bed.settled(job).',
      'If not, its stream never ends (NEVER, a Subject that nobody completes): let it end, or cancel the job.',
    ].join('\n'),
  );
}

/** A run that goes on and on. */
export function endlessError(active: readonly JobLog[], after: string): Error {
  const jobs = active.map((log) => `${nameOf(log)}${stepOf(log)}`);
  const who = jobs.length > 0 ? ` Active is ${jobs.join(', ')}:` : '';
  return new Error(
    `After ${after} of virtual time the bed is still at work, and stops here.${who} rxjs' own delay and timer hold a worker, ` +
      "which renews its lease every three seconds: use stepstream's delay for what takes days. For a job that is meant " +
      "to go on for ever, say where to stop: bed.run(…, { until: '30d' }).",
  );
}

function nameOf({ queue, id }: JobLog): string {
  return `job ${id} of queue ${queue}`;
}

function stepOf({ place }: JobLog): string {
  return place.step === undefined ? '' : ` in step ${place.step}`;
}
