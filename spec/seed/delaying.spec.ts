import { once } from 'node:events';
import { Subject, firstValueFrom, take, toArray } from 'rxjs';
import { LeaseLostError, Queue, memoryEngine } from 'stepstream';
import { redisEngine } from '../../src/engine/redis/redis-engine.js';
import { SpyEngine } from '../support/spy-engine.js';
import { useRedis } from '../support/use-redis.js';
import { Performance } from './in-memory.js';
import { compiled } from './page.js';
import { itPlays } from './plays.js';
import { runProgram } from './program.js';
import { delayedTwice, nothingDone, nothingLeft, over, repeats, saved } from './reasons.js';

jest.setTimeout(60_000);

const [Initial, Second, Finish] = [0, 1, 2];

const server = useRedis();

/** A run that finds the job delayed before, and nothing to do, says so. */
beforeAll(() => jest.spyOn(console, 'warn').mockImplementation(() => {}));

describe("BullMQ's page: delaying", () => {
  const result = undefined; // the page's function is in its last run when it has nothing left to do
  itPlays('delaying', { calls: 'initial second', result }, [
    { at: 'after claim 1', calls: '| initial second', result, as: nothingDone },
    { at: 'before moveToDelayed 1', calls: 'initial | initial second', result, as: repeats },
    { at: 'after moveToDelayed 1', calls: 'initial | initial second', result, as: delayedTwice },
    { at: 'before updateData 1', calls: 'initial | initial second', result, as: delayedTwice },
    { at: 'after updateData 1', calls: 'initial | second', result, as: saved },
    { at: 'before updateData 2', calls: 'initial second | second', result, as: repeats },
    { at: 'after updateData 2', calls: 'initial second |', result, as: nothingLeft },
    { at: 'after claim 2', calls: 'initial second |', result, as: nothingLeft },
    { at: 'before complete 1', calls: 'initial second |', result, as: nothingLeft },
    { at: 'after complete 1', calls: 'initial second |', result, as: over },
  ]);

  it('sleeps in the store for 200 ms', async () => {
    const performance = new Performance('delaying');
    const { world, calls } = performance;
    const job = await performance.add();
    performance.start();
    await world.settle();
    expect(calls).toEqual(['initial', 'second']); // the page goes on with the second step at once
    expect(world.get(job)).toMatchObject({ state: 'delayed', due: job.timestamp + 200 });
    await world.pass(199);
    expect(world.get(job).state).toBe('delayed');
    await world.pass(1);
    expect(world.get(job)).toMatchObject({ state: 'completed', attemptsStarted: 2 });
  });

  it("W1: what the first activation has saved late, when another holds the job, doesn't come through", async () => {
    const performance = new Performance('delaying');
    const { world } = performance;
    const job = await performance.add();
    const spy = new SpyEngine(world.engine);
    const saving = spy.holdBack(({ method }) => method === 'updateData');
    const refused = once(performance.start(spy.engine), 'error');
    await world.settle(); // it has moved the job, and what it saves then is on its way

    const goOn = new Subject<void>();
    performance.start(world.engine, () => firstValueFrom(goOn));
    await world.pass(200);
    expect(world.get(job).state).toBe('active');
    saving.release();
    const [refusal] = await refused;
    expect(refusal).toBeInstanceOf(LeaseLostError);
    expect(world.get(job).data).toBe(JSON.stringify({ step: Initial }));

    goOn.next();
    await world.settle();
    goOn.next();
    await world.until(job.result());
    expect(performance.calls).toEqual(['initial', 'initial', 'second']); // as the page has it: the first step was not saved
  });

  describe.each([
    ['memory', () => memoryEngine()],
    ['redis', () => redisEngine({ connection: server().url })],
  ])('by two workers of one process, on the %s engine', (_, open) => {
    it("W1: the job's second activation isn't disturbed by the first, which still runs", async () => {
      const connection = open();
      const queue = new Queue('queueName', { connection });
      const calls: string[] = [];
      /** Of each activation in the second step, what lets it go on. */
      const waiting = new Subject<() => void>();
      const does = (stuff: string): Promise<void> | undefined => {
        calls.push(stuff);
        return stuff === 'second' ? new Promise<void>((goOn) => waiting.next(goOn)) : undefined;
      };
      const bothAreThere = firstValueFrom(waiting.pipe(take(2), toArray()));
      const workers = [1, 2].map(() => runProgram(compiled('delaying'), { connection, does }));
      const refused = Promise.race(workers.map((worker) => once(worker, 'error')));
      const job = await queue.add('job', { step: Initial });

      const [first, second] = await bothAreThere;
      first!();
      const [refusal] = await refused;
      expect(refusal).toBeInstanceOf(LeaseLostError);
      expect((await queue.getJob(job.id))!.data).toEqual({ step: Second });
      second!();
      await expect(job.result()).resolves.toBeUndefined();
      expect((await queue.getJob(job.id))!.data).toEqual({ step: Finish });
      expect(calls).toEqual(['initial', 'second', 'second']);

      await Promise.all(workers.map((worker) => worker.close()));
      await connection.close();
    });
  });
});
