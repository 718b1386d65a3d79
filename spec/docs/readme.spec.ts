/** What the README and docs/redis.md show beside the quickstart. spec/docs/pages.spec.ts holds that it is the same. */
import { readFileSync } from 'node:fs';
import { of } from 'rxjs';
import { createApp, Processor, Queue, Step, Worker } from 'stepstream';

describe('README', () => {
  it('a function sends mails', async () => {
    const sent: unknown[] = [];
    const send = (mail: unknown): number => sent.push(mail);

    const mails = new Queue('mails');
    const worker = new Worker('mails', async (job) => send(job.data), { concurrency: 10 });
    const job = await mails.add('welcome', { to: 'ada@example.com' }, { attempts: 5, backoff: 1_000 });

    await job.result();
    expect(sent).toEqual([{ to: 'ada@example.com' }]);
    await worker.close();
    await mails.close();
  });
});

describe('docs/redis.md', () => {
  it('nothing connects before the first call', async () => {
    @Processor('orders')
    class Orders {
      @Step() pack() {
        return of('packed');
      }
    }

    const app = createApp({ connection: 'redis://localhost:6379', processors: [Orders] });

    await expect(app.close()).resolves.toBeUndefined(); // with no Redis there
  });
});

describe('the figures of the README', () => {
  const benchmarks = readFileSync('docs/benchmarks.md', 'utf8');
  const readme = readFileSync('README.md', 'utf8');
  const row = (name: string): string => benchmarks.split('\n').find((line) => line.startsWith(`| ${name} |`))!;

  it.each([
    ['5 saved steps, 200 B of data', 'reach 0.76 of its rate', '0.76×'],
    ['two steps with 10 ms between, 2,000 jobs', 'between steps 0.74', '0.74×'],
    ['Redis memory per completed no-op job', '1.27 times the memory', '1.27×'],
    ['lone delayed job on an idle worker: lateness', '2 ms late instead of 46', 'p50 46.48'],
    ['lone delayed job on an idle worker: lateness', '2 ms late instead of 46', 'p50 2.22'],
    ['kill -9 to take-over', 'after 3.6 s instead of 44.5', 'p50 3,573'],
    ['kill -9 to take-over', 'after 3.6 s instead of 44.5', 'p50 44,500'],
  ])('are those of docs/benchmarks.md: %s', (name, claimed, measured) => {
    expect(readme.replaceAll(/\s+/g, ' ')).toContain(claimed);
    expect(row(name)).toContain(measured);
  });
});
