/** The snippets of docs/from-bullmq.md, run. `what docs/from-bullmq.md shows` holds that they are the same. */
import { readFileSync } from 'node:fs';
import { Queue as TheirQueue } from 'bullmq';
import { Redis } from 'ioredis';
import { concatMap, from, map, of } from 'rxjs';
import { FlowProducer, Queue, QueueEvents, Worker } from 'stepstream'; // was 'bullmq'
import {
  ConfigurationError,
  createApp,
  delay,
  DelayedError,
  Job,
  JobCancelledError,
  LeaseLostError,
  memoryEngine,
  Processor,
  Step,
  WaitingChildrenError,
  type RedisConnection,
  type StepJob,
} from 'stepstream';
import { useRedis } from '../support/use-redis.js';

const docs = readFileSync('docs/from-bullmq.md', 'utf8');
const blocks = [...docs.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
  language,
  text: text!,
}));

/** Ends after the test, workers first: they are made last. */
const open: { close(): Promise<unknown> }[] = [];
function closing<T extends { close(): Promise<unknown> }>(it: T): T {
  open.push(it);
  return it;
}
afterEach(async () => {
  for (const it of open.splice(0).toReversed()) await it.close();
});

const server = useRedis();
const engines = ['the embedded engine', 'Redis'] as const;

describe.each(engines)('on %s', (engine) => {
  let connection: any;
  beforeEach(() => {
    connection = engine === 'Redis' ? { host: '127.0.0.1', port: server().port } : memoryEngine();
  });
  afterEach(async () => {
    const redis = new Redis(server().port);
    await redis.flushall();
    redis.disconnect();
  });

  it('mails are sent', async () => {
    const queue = new Queue('mails', { connection });
    const queueEvents = new QueueEvents('mails', { connection });
    const worker = new Worker('mails', async (job) => `sent to ${job.data.to}`, { connection, concurrency: 10 });

    const job = await queue.add('welcome', { to: 'ada@example.com' }, { attempts: 3, backoff: 1_000 });
    const sent = await job.waitUntilFinished(queueEvents); // 'sent to ada@example.com'

    [queue, queueEvents, worker].forEach(closing);
    expect(sent).toBe('sent to ada@example.com');
  });

  it('a job moves itself to delayed', async () => {
    const reminders = new Worker(
      'reminders',
      async (job, token) => {
        if (job.data.step === 'ask') return 'asked';
        await job.moveToDelayed(Date.now() + 100, token);
        await job.updateData({ ...job.data, step: 'ask' });
        throw new DelayedError();
      },
      { connection },
    );

    closing(reminders);
    const job = await closing(new Queue('reminders', { connection })).add('remind', {});
    await expect(job.result()).resolves.toBe('asked');
  });

  it('a flow gives the results of children to their parent', async () => {
    const flows = new FlowProducer({ connection });
    const { job: order } = await flows.add({
      name: 'order',
      queueName: 'orders',
      children: [
        { name: 'parcel', queueName: 'parcels', data: 'books' },
        { name: 'parcel', queueName: 'parcels', data: 'lamp', opts: { failParentOnFailure: true } },
      ],
    });

    closing(flows);
    closing(new Worker('parcels', async ({ data }) => `${data} packed`, { connection }));
    const sum = async (job: Job): Promise<string> => Object.values<string>(await job.getChildrenValues()).join(', ');
    closing(new Worker('orders', sum, { connection }));
    await expect(order.result()).resolves.toBe('books packed, lamp packed');
  });

  it('a job scheduler is set up', async () => {
    const queue = closing(new Queue('mails', { connection }));
    await queue.upsertJobScheduler('nightly', { pattern: '0 3 * * *', tz: 'Europe/Vienna' }, { name: 'report' });

    const [next] = await queue.getDelayed();
    expect(next).toMatchObject({ name: 'report', repeatJobKey: 'nightly' });
    const hour = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Vienna', hour: 'numeric', hourCycle: 'h23' });
    const scheduler = await queue.getJobScheduler('nightly');
    expect(hour.format(scheduler!.next)).toBe('03');
  });

  it('only the activation that holds a job moves it', async () => {
    const queue = closing(new Queue('mails', { connection }));
    const job = await queue.add('welcome', {});
    const move = async (): Promise<void> => {
      await job.moveToDelayed(Date.now() + 1_000, 'of another'); // LeaseLostError
    };
    await expect(move()).rejects.toThrow(LeaseLostError);
  });

  it('faults are named before anything is done', async () => {
    const queue = closing(new Queue('mails', { connection }));
    const add = async (): Promise<void> => {
      const bothFlags = { failParentOnFailure: true, removeDependencyOnFailure: true };
      await queue.addBulk([
        { name: 'welcome', data: {}, opts: { jobId: '7' } },
        { name: 'welcome', data: {}, opts: { priority: 1.5, ...bothFlags } },
      ]);
    };
    const error = await add().catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(`${(error as Error).message}\n`).toBe(blocks.find(({ language }) => language === 'text')!.text);
    await expect(queue.count()).resolves.toBe(0);
  });

  it('a function returns an Observable, and is subscribed to', async () => {
    const imports = new Worker(
      'imports',
      (job) => from(job.data as number[]).pipe(concatMap(async (page) => `page ${page} imported`)),
      { connection },
    );

    closing(imports);
    const job = await closing(new Queue('imports', { connection })).add('import', [1, 2]);
    const events: string[] = [];
    job.events$.subscribe(({ type }) => events.push(type)); // active, progress, completed
    const imported = await job.result();

    expect(imported).toBe('page 2 imported');
    expect(events).toEqual(expect.arrayContaining(['active', 'progress', 'completed']));
  });

  it('a round of children is waited for', async () => {
    const chapters = closing(new Queue('chapters', { connection }));
    const books = new Worker(
      'books',
      async (job, token) => {
        const round = { group: 'chapters' };
        const parent = { id: job.id, queue: job.queueQualifiedName, ...round };
        if (!job.data.asked) {
          await chapters.addBulk([1, 2].map((chapter) => ({ name: 'chapter', data: chapter, opts: { parent } })));
          await job.updateData({ asked: true });
        }
        if (await job.moveToWaitingChildren(token, round)) throw new WaitingChildrenError();
        return Object.values(await job.getChildrenValues(round));
      },
      { connection },
    );

    closing(books);
    closing(new Worker('chapters', async ({ data }) => data * 10, { connection }));
    const job = await closing(new Queue('books', { connection })).add('book', {});
    await expect(job.result()).resolves.toEqual(expect.arrayContaining([10, 20]));
  });

  it('a job is cancelled wherever it is', async () => {
    const queue = closing(new Queue('mails', { connection }));
    const job = await queue.add('welcome', {});
    const cancelled = await job.cancel('ordered by mistake');

    expect(cancelled).toBe(true);
    await expect(job.result()).rejects.toThrow(JobCancelledError);
  });

  it('steps take the place of a switch', async () => {
    @Processor('parcels-by-steps')
    class Parcels {
      @Step() pack(job: StepJob<string>) {
        return of(`${job.data}: packed`);
      }

      @Step({ after: 'pack' }) ship(_job: StepJob<string>, packed: string) {
        return of(packed).pipe(
          delay(100), // the job is in `delayed`: no worker is held
          map((parcel) => `${parcel}, shipped`),
        );
      }
    }

    const app = closing(createApp({ processors: [Parcels], connection: connection as RedisConnection }));
    await app.start();
    const job = await app.queue(Parcels).add('parcel', 'books');
    await expect(job.result()).resolves.toBe('books: packed, shipped');
  });
});

describe('on Redis, beside BullMQ', () => {
  it('a BullMQ queue adds a job that our worker runs', async () => {
    const connection = { host: '127.0.0.1', port: server().port };
    closing(new Worker('mails', async (job) => `sent to ${job.data.to}`, { connection }));
    const theirs = new TheirQueue('mails', { connection }); // BullMQ's
    const added = await theirs.add('welcome', { to: 'grace@example.com' });

    closing(theirs);
    const job = await closing(new Queue('mails', { connection })).getJob(added.id!);
    await expect(job!.result()).resolves.toBe('sent to grace@example.com');
  });
});

describe('what docs/from-bullmq.md shows', () => {
  const source = readFileSync(__filename, 'utf8');

  it.each(blocks.filter(({ language }) => language === 'ts').map(({ text }) => [text.split('\n')[0], text]))(
    'is run here: %s',
    (_, text) => {
      expect(unindented(source)).toContain(unindented(text));
    },
  );
});

describe('what docs/from-bullmq.md lists', () => {
  const notThere = docs.slice(docs.indexOf('## Not there'));
  const same = docs.slice(docs.indexOf('## Same'), docs.indexOf('## Better'));

  const classes = [
    { ours: Queue, files: ['queue', 'queue-getters', 'queue-base'] },
    { ours: Job, files: ['job'] },
    { ours: Worker, files: ['worker', 'queue-base'] },
    { ours: FlowProducer, files: ['flow-producer'] },
    { ours: QueueEvents, files: ['queue-events', 'queue-base'] },
  ];

  it.each(classes)('as not there is each public method of BullMQ that is not: $ours.name', ({ ours, files }) => {
    const missing = files.flatMap(publicMethods).filter((method) => !(method in ours.prototype) && !(method in ours));
    expect(missing.filter((method) => !names(notThere, method))).toEqual([]);
  });

  it('as the same is each method of which it says so', () => {
    const methods = new Set(classes.flatMap(({ files }) => files.flatMap(publicMethods)));
    const claimed = [...same.matchAll(/`(\w+)`/g)].map(([, word]) => word!).filter((word) => methods.has(word));
    expect(claimed.length).toBeGreaterThan(80);
    const isThere = (word: string): boolean => classes.some(({ ours }) => word in ours.prototype || word in ours);
    expect(claimed.filter((word) => !isThere(word))).toEqual([]);
  });

  it.each([
    ['queue-options', (options: object) => new Queue('any', options)],
    ['worker-options', (options: object) => new Worker('any', async () => {}, { autorun: false, ...options })],
    ['sandboxed-options', (options: object) => new Worker('any', async () => {}, { autorun: false, ...options })],
  ] as const)('as not there is each option of BullMQ that is not: %s', (file, make) => {
    const unknown = optionsOf(file).filter((option) => {
      try {
        closing(make({ [option]: {} }));
        return false;
      } catch (error) {
        return (error as Error).message.includes(`there is no option "${option}"`);
      }
    });
    const ofOthers = new Set(['autorun', 'lastEventId', 'block']); // of QueueEvents, of getNextJob
    const missing = unknown.filter((option) => !ofOthers.has(option));
    expect(missing.filter((option) => !names(notThere, option))).toEqual([]);
  });
});

function names(text: string, word: string): boolean {
  return new RegExp(`\\b${word}\\b`).test(text);
}

/** Of every emitter. */
const inherited = new Set(['constructor', 'emit', 'on', 'off', 'once', 'removeListener']);

function publicMethods(file: string): readonly string[] {
  const types = readFileSync(`node_modules/bullmq/dist/esm/classes/${file}.d.ts`, 'utf8');
  const body = types.slice(types.indexOf('export declare class'));
  const found = [...body.matchAll(/^ {4}(?:static |get |set |async )?(\w+)[<(]/gm)].map(([, name]) => name!);
  return [...new Set(found)].filter((name) => !inherited.has(name));
}

function optionsOf(file: string): readonly string[] {
  const types = readFileSync(`node_modules/bullmq/dist/esm/interfaces/${file}.d.ts`, 'utf8');
  return [...types.matchAll(/^ {4}(\w+)\??:/gm)].map(([, name]) => name!);
}

function unindented(text: string): string {
  return text.replace(/^ +/gm, '').trim();
}
