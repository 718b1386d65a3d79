import { StoreFaultError, type App, type Queue } from '../../index.js';
import { finding, ok, type Check } from './check.js';

/** Whether the queues of the prefix are laid out as they should be, and somebody works on them. */
export async function queueChecks(app: App): Promise<readonly Check[]> {
  const names = await app.engine.queues();
  const findings = (await Promise.all(names.map((name) => readable(app.queue(name))))).flat();
  const count = names.length === 1 ? '1 queue has jobs' : `${names.length} queues have jobs`;
  return [
    ok('queues', names.length > 0 ? `${count}: ${names.join(', ')}` : 'there are no jobs under this prefix'),
    ...findings,
  ];
}

/** A queue that another program has written into keeps none from being looked at. */
async function readable(queue: Queue): Promise<readonly Check[]> {
  try {
    return await checkQueue(queue);
  } catch (error) {
    if (!(error instanceof StoreFaultError)) throw error;
    return [
      finding('problem', 'queue-unreadable', {
        found: `queue ${queue.name}: ${error.message}`,
        why: 'nothing can be done with its jobs',
        fix: 'have programs that are not of the queue write under another prefix, and remove what they have written',
      }),
    ];
  }
}

async function checkQueue(queue: Queue): Promise<readonly Check[]> {
  const [{ version = '', paused }, counts, workers] = await Promise.all([
    queue.getMeta(),
    queue.getJobCounts('active', 'waiting', 'prioritized', 'delayed'),
    queue.getWorkers(),
  ]);
  const { active = 0, waiting = 0, prioritized = 0, delayed = 0 } = counts;
  const ready = waiting + prioritized;
  const ours = workers.filter(({ rawname = '' }) => rawname.includes(':w:stepstream-')).length;
  const all = [
    /^bullmq:[0-5]\./.test(version) &&
      finding('problem', 'queue-layout', {
        found: `queue ${queue.name} is laid out as ${version} did`,
        why: 'Stepstream refuses to work on it: the layout of BullMQ 6 is another one',
        fix: 'let BullMQ 6 take it over first: docs/from-bullmq.md',
      }),
    active > 0 &&
      workers.length === 0 &&
      finding('warning', 'queue-stalled', {
        found: `queue ${queue.name}: ${active} active, and no worker is connected`,
        why: 'their workers have died; the jobs go on when another one starts',
        fix: `start a worker of queue ${queue.name}`,
      }),
    ready + delayed > 0 &&
      active === 0 &&
      workers.length === 0 &&
      finding('warning', 'queue-without-workers', {
        found: `queue ${queue.name}: ${ready} ready and ${delayed} delayed, and no worker is connected`,
        why: 'nobody runs them',
        fix: `start a worker of queue ${queue.name}, or remove what nobody needs any more`,
      }),
    paused &&
      ready > 0 &&
      finding('warning', 'queue-paused', {
        found: `queue ${queue.name} is paused, with ${ready} ready`,
        why: 'no worker takes a job of it',
        fix: 'resume it, if that is no longer meant: queue.resume()',
      }),
    ours > 0 &&
      ours < workers.length &&
      finding('problem', 'queue-shared', {
        found: `queue ${queue.name} has workers of BullMQ beside Stepstream's`,
        why: 'those know nothing of steps, and run such a job by their own function',
        fix: 'stop them, or give them a queue of their own',
      }),
  ];
  return all.filter((check) => check !== false);
}
