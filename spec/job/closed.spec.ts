import { NEVER, lastValueFrom, of, toArray } from 'rxjs';
import { createApp } from 'stepstream';
import { processor } from '../support/processor.js';

const logger = { warn: (): void => {}, error: (): void => {} };

describe('a job that is followed while its app is closed', () => {
  it('result() rejects with a ClosedError that names the job, and progress$ and events$ complete', async () => {
    const app = createApp({ processors: [processor({ only: () => NEVER })], logger });
    await app.start();
    const job = await app.queue('work').add('job', null);
    const result = job.result();
    const progress = lastValueFrom(job.progress$.pipe(toArray()));
    const events = lastValueFrom(job.events$.pipe(toArray()));
    result.catch(() => {}); // looked at below
    await app.close({ grace: 0 });
    await expect(result).rejects.toMatchObject({ code: 'CLOSED', message: expect.stringContaining('job 1') });
    await expect(progress).resolves.toEqual([]);
    expect((await events).map(({ type }) => type)).toContain('waiting');
  });

  it('what has happened before the end is told: a job that completes within the grace has its result', async () => {
    const app = createApp({ processors: [processor({ only: () => of('done') })], logger });
    await app.start();
    const job = await app.queue('work').add('job', null);
    const result = job.result();
    await new Promise<void>(
      (claimed) => void app.engine.events('work', ({ type }) => type === 'completed' && claimed()),
    );
    await app.close();
    await expect(result).resolves.toBe('done');
  });

  it('job.cancel() fails the job with its reason, once', async () => {
    const app = createApp({ processors: [], logger });
    const job = await app.queue('work').add('job', null);
    await expect(job.cancel('not wanted')).resolves.toBe(true);
    await expect(job.cancel()).resolves.toBe(false);
    await expect(job.result()).rejects.toMatchObject({ code: 'JOB_CANCELLED', message: 'not wanted' });
    await app.close();
  });
});
