/** The snippet of docs/guides/watching.md that no sample has. */
import { of } from 'rxjs';
import { createApp, memoryEngine, Processor, QueueEvents, Step, UnrecoverableError, type StepJob } from 'stepstream';

@Processor('videos')
class Videos {
  @Step() publish({ data }: StepJob<string>) {
    if (data === 'scratched') throw new UnrecoverableError('Segment 15 is scratched.');
    return of(`${data} is live`);
  }
}

it('QueueEvents tells all of a queue', async () => {
  const heard: unknown[][] = [];
  const audit = (...what: unknown[]): unknown => heard.push(what);
  const connection = memoryEngine();

  const events = new QueueEvents('videos', { connection });
  events.on('completed', ({ jobId, returnvalue }) => audit(jobId, 'completed', returnvalue));
  events.on('failed', ({ jobId, failedReason }) => audit(jobId, 'failed', failedReason));

  const app = createApp({ connection, processors: [Videos] });
  await app.start();
  const [otters, scratched] = await app.queue(Videos).addBulk([
    { name: 'publish', data: 'otters' },
    { name: 'publish', data: 'scratched' },
  ]);
  await Promise.allSettled([otters!.result(), scratched!.result()]);
  expect(heard).toEqual([
    ['1', 'completed', 'otters is live'],
    ['2', 'failed', 'Segment 15 is scratched.'],
  ]);
  await app.close();
  await events.close();
});
