import { setTimeout } from 'node:timers/promises';
import { WaitingChildrenError, type FlowJob, type Job } from 'stepstream';
import { flow } from './store.js';

export interface Book {
  /** How many words each chapter has. */
  readonly chapters: readonly number[];
  /** Known when all of it is typeset. */
  readonly pages?: number;
}

/** A book with what must be there before it can be printed. */
export function bookOf(title: string, chapters: readonly number[]): FlowJob<Book> {
  return {
    name: title,
    queueName: 'books',
    data: { chapters },
    children: [
      ...chapters.map((words, index) => ({ name: `chapter-${index + 1}`, queueName: 'chapters', data: words })),
      { name: 'cover', queueName: 'covers', data: title },
    ],
  };
}

const bound = { group: 'bound' };

/**
 * Runs when its chapters and its cover are there, and adds what could not be known before: a sheet for each 16 pages, and their
 * binding. Runs again when that is done; in between it holds no worker.
 */
export async function makeBook(job: Job<Book, string>, token: string): Promise<string> {
  if (job.data.pages === undefined) {
    const parts = await job.getChildrenValues<number>();
    const pages = Object.values(parts).reduce((sum, each) => sum + each, 0);
    await flow.add(bindingOf(job, Math.ceil(pages / 16)));
    await job.updateData({ ...job.data, pages });
  }
  if (await job.moveToWaitingChildren(token, bound)) throw new WaitingChildrenError();
  const [binding] = Object.values(await job.getChildrenValues<string>(bound));
  return `${job.data.pages} pages on ${binding}`;
}

/** Ids of their own: should the worker die before it has saved the pages, these are added once all the same. */
function bindingOf({ id, queueQualifiedName }: Job, sheets: number): FlowJob {
  return {
    name: 'binding',
    queueName: 'bindings',
    opts: { jobId: `${id}-binding`, parent: { id, queue: queueQualifiedName, ...bound } },
    children: Array.from({ length: sheets }, (_, index) => ({
      name: `sheet-${index + 1}`,
      queueName: 'sheets',
      opts: { jobId: `${id}-sheet-${index + 1}` },
    })),
  };
}

/** @returns how many pages the chapter takes */
export async function typeset({ data: words }: Job<number, number>): Promise<number> {
  await setTimeout(100);
  return Math.ceil(words / 300);
}

/** @returns how many pages the cover takes */
export async function drawCover(): Promise<number> {
  await setTimeout(50);
  return 4;
}

export async function print({ name }: Job): Promise<string> {
  await setTimeout(50);
  return `${name}, printed on both sides`;
}

export async function bind(job: Job): Promise<string> {
  const sheets = await job.getChildrenValues();
  return `${Object.keys(sheets).length} sheets, sewn and glued`;
}
