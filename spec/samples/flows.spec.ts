import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Queue, Worker, type Job, type WorkerFunction } from 'stepstream';
import { bind, bookOf, drawCover, makeBook, print, typeset } from '../../samples/flows/book.js';
import { flow } from '../../samples/flows/store.js';
import { useRedis } from '../support/use-redis.js';

jest.setTimeout(60_000);

const folder = 'samples/flows';
const server = useRedis();

/** What its README shows. */
const [, shown] = /^```text\n([\s\S]*?)^```$/m.exec(readFileSync(`${folder}/README.md`, 'utf8'))!;

async function printed(url?: string): Promise<string> {
  const { NODE_OPTIONS: _options, REDIS_URL: _url, ...env } = process.env;
  const args = ['--import', '@oxc-node/core/register', `${folder}/main.ts`];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    env: { ...env, ...(url !== undefined && { REDIS_URL: url }) },
  });
  expect(stderr).toBe('');
  return stdout;
}

/** Lines without their times, which differ from run to run. */
function linesOf(text: string): readonly string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ *\d+\.\d\d s {3}/, ''));
}

describe('the sample of flows', () => {
  it('makes a book of two flows, the second of them added while it runs, as its README shows', async () => {
    expect(linesOf(await printed())).toEqual(linesOf(shown!));
  });

  it('does the same on Redis, where only the order within a queue is certain, and once more beside the first book', async () => {
    for (let time = 1; time <= 2; time++) {
      const lines = linesOf(await printed(server().url));
      expect([...lines].sort()).toEqual([...linesOf(shown!)].sort());
      for (const queue of ['books', 'chapters', 'covers', 'sheets', 'bindings']) {
        const ofQueue = (line: string): boolean => line.startsWith(`${queue} `);
        expect(lines.filter(ofQueue)).toEqual(linesOf(shown!).filter(ofQueue));
      }
    }
  });

  it('adds the second flow once, though the first run fails right behind that', async () => {
    let runs = 0;
    const cutOff = async (job: Job, token: string): Promise<string> => {
      const fails = (): Promise<void> => Promise.reject(new Error('cut off'));
      return makeBook(runs++ === 0 ? Object.assign(job, { updateData: fails }) : job, token);
    };
    const functions = { books: cutOff, chapters: typeset, covers: drawCover, sheets: print, bindings: bind };
    const workers = Object.entries(functions).map(([queue, run]) => new Worker(queue, run as WorkerFunction));
    const { job } = await flow.add({ ...bookOf('Momo', [4_200, 2_700, 6_300]), opts: { attempts: 2 } });
    await expect(job.result()).resolves.toBe('48 pages on 3 sheets, sewn and glued');
    expect(runs).toBe(3);
    const counts = ['bindings', 'sheets'].map((queue) => new Queue(queue).getJobCounts('completed'));
    await expect(Promise.all(counts)).resolves.toEqual([{ completed: 1 }, { completed: 3 }]);
    await Promise.all(workers.map((worker) => worker.close()));
  });
});
