import { UnrecoverableError, createApp, delay } from 'stepstream';
import { of, throwError } from 'rxjs';
import { ManualClock } from '../support/manual-clock.js';
import { processor } from '../support/processor.js';
import { memoryEngine } from 'stepstream';

const day = 86_400_000;

describe('what is done to a job from outside', () => {
  it('A1: promote() lets a job that sleeps in a delay pass it now, and changeDelay() when it says', async () => {
    const clock = new ManualClock();
    const engine = memoryEngine({ clock });
    const app = createApp({
      connection: engine,
      processors: [processor({ only: () => of('x').pipe(delay('3 days')) })],
    });
    const queue = app.queue('work');
    const [promoted, moved] = [await queue.add('job', null), await queue.add('job', null)];
    const sleeping = async (id: string): Promise<boolean> => (await engine.get('work', id))?.state === 'delayed';
    await app.start();
    while (!(await sleeping(moved.id))) clock.advance(1);
    await promoted.promote();
    await moved.changeDelay(day);
    while (await sleeping(promoted.id)) clock.advance(1);
    expect(await sleeping(moved.id)).toBe(true);
    clock.advance(day);
    while (await sleeping(moved.id)) clock.advance(1);
    await expect(promoted.promote()).rejects.toMatchObject({ code: 'JOB_STATE' });
    const closed = app.close();
    clock.advance(day);
    await closed;
  });

  it('a delayed job knows when it is due, as it was read and as it was changed here', async () => {
    const queue = createApp({ connection: memoryEngine({ clock: new ManualClock() }) }).queue('work');
    const job = await queue.add('job', null, { delay: day });
    expect(job.due).toBe(job.timestamp + day);
    await job.changeDelay(2 * day);
    expect(job.due).toBe((await queue.getJob(job.id))!.due);
    await job.promote();
    expect([job.due, (await queue.getJob(job.id))!.due]).toEqual([undefined, undefined]);
  });

  it('A2, A4: retry() runs a failed job again, with the data of updateData()', async () => {
    const only = (job: { data: number }) =>
      job.data === 1 ? throwError(() => new UnrecoverableError('no')) : of(job.data);
    const app = createApp({ processors: [processor({ only })] });
    await app.start();
    const job = await app.queue('work').add('job', 1);
    await expect(job.result()).rejects.toMatchObject({ code: 'UNRECOVERABLE' });
    await job.updateData(2);
    await job.retry();
    await expect(job.result()).resolves.toBe(2);
    await app.close();
  });

  it('remove() takes a job out of the store; what is done to it afterwards is told that it is gone', async () => {
    const app = createApp();
    const job = await app.queue('work').add('job', 1);
    await job.remove();
    await job.remove();
    await expect(job.getState()).resolves.toBe('unknown');
    for (const gone of [job.updateData(2), job.retry(), job.promote(), job.changeDelay(1), job.log('row')]) {
      await expect(gone).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    }
    await app.close();
  });

  it('refuses arguments that will not do, with a code', async () => {
    const app = createApp();
    const job = await app.queue('work').add('job', 1);
    const configuration = expect.objectContaining({ code: 'CONFIGURATION' });
    await expect(job.cancel(Symbol('no') as never)).rejects.toEqual(configuration);
    await expect(job.changeDelay(-1)).rejects.toEqual(configuration);
    await expect(job.updateData(NaN)).rejects.toMatchObject({ code: 'UNSERIALIZABLE_VALUE' });
    for (const jobs of [undefined, {}, 'ab'])
      await expect(app.queue('work').addBulk(jobs as never)).rejects.toEqual(configuration);
    await app.close();
  });
});
