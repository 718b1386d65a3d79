import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { Queue as TheirQueue } from 'bullmq';
import { filter, firstValueFrom, from, of } from 'rxjs';
import { awaitChildren, delay, UnrecoverableError, type App, type Job } from 'stepstream';
import { processor } from '../support/processor.js';
import { useRedis } from '../support/use-redis.js';
import { Board } from './board.js';
import { Stage } from './stage.js';

const server = useRedis();

describe("bull-board's own BullMQAdapter on the keys of an app on Redis", () => {
  let stage: Stage;
  let app: App;
  let board: Board;
  let isDown: boolean;
  const ran: string[] = [];
  beforeEach(async () => {
    isDown = true;
    ran.length = 0;
    stage = new Stage('Redis', server().url);
    const orders = processor(
      {
        charge: (job) => of({ receipt: ran.push(`charge ${job.id}`) }),
        rest: (_job, receipt) => of(receipt).pipe(delay('3 days')),
        send: () => from(['Momo', 'Krabat']).pipe(awaitChildren((name) => ({ queue: 'parcels', name }))),
        thank: () => {
          if (isDown) throw new UnrecoverableError('mail is down');
          return of('thanked');
        },
      },
      { queue: 'orders' },
    );
    app = await stage.app(orders);
    const queues = ['orders', 'parcels'].map((name) =>
      stage.closing(new TheirQueue(name, { connection: { port: server().port }, prefix: stage.prefix })),
    );
    board = stage.closing(await Board.serve(queues.map((queue) => new BullMQAdapter(queue))));
  });
  afterEach(() => stage.close());

  const until = (job: Job, state: string): Promise<unknown> =>
    firstValueFrom(job.events$.pipe(filter(({ type }) => type === state)));

  const sleeping = async (): Promise<Job> => {
    const job = await app.queue('orders').add('order', { customer: 'ann' });
    await until(job, 'delayed');
    return job;
  };

  it('lists our jobs, with the last emission as their progress', async () => {
    const job = await sleeping();
    await expect(board.queue('orders', 'status=delayed')).resolves.toMatchObject({
      counts: { delayed: 1 },
      hasWorkers: true,
      jobs: [
        {
          id: job.id,
          data: { customer: 'ann' },
          progress: { step: 'charge', visit: 1, emission: { receipt: 1 }, count: 1 },
        },
      ],
    });
  });

  it('promotes and retries them, and our worker goes on at the checkpoint; the flow of a step is drawn from the parent', async () => {
    const job = await sleeping();
    await board.press(`orders/${job.id}/promote`);
    await until(job, 'waiting-children');
    const { flowRoot } = await board.flow('orders', job.id);
    expect(flowRoot!.children.map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual([
      'Krabat waiting',
      'Momo waiting',
    ]);
    const [child] = await app.queue('parcels').getJobs();
    // that adapter climbs by an option which children that a step adds don't have; ours climbs by their parent
    await expect(board.flow('parcels', child!.id)).resolves.toMatchObject({ isFlowNode: false });
    stage.worker('parcels', () => of('arrived'));
    await expect(job.result()).rejects.toThrow('mail is down');
    isDown = false;
    await board.press(`orders/${job.id}/retry`);
    await expect(job.result()).resolves.toBe('thanked');
    expect(ran).toEqual([`charge ${job.id}`]);
  });

  it('removes one that sleeps, pauses the queue for our workers, and resumes it', async () => {
    const job = await sleeping();
    await board.press(`orders/${job.id}/clean`);
    await expect(job.getState()).resolves.toBe('unknown');
    await board.press('orders/pause');
    const held = await app.queue('orders').add('order', {});
    await expect(board.job('orders', held.id)).resolves.toMatchObject({ status: 'waiting' });
    await board.press('orders/resume');
    await until(held, 'delayed');
  });
});
