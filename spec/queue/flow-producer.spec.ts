import { FlowProducer, JobNotFoundError, Queue, memoryEngine, type FlowJob } from 'stepstream';
import { faultsIn } from '../support/faults.js';

const connection = memoryEngine();
const flow = new FlowProducer({ connection });
const books = new Queue('books', { connection });
const pages = new Queue('pages', { connection });
afterAll(() => Promise.all([flow, books, pages].map((each) => each.close())));

const page = (opts: object = {}, children?: readonly FlowJob[]): FlowJob => ({
  name: 'page',
  queueName: 'pages',
  opts,
  ...(children && { children }),
});

describe('FlowProducer', () => {
  it('adds a tree over several queues: parents wait, leaves are ready', async () => {
    const tree = await flow.add({ name: 'book', queueName: 'books', children: [page(), page({}, [page()])] });
    const [leaf, middle] = tree.children!;
    await expect(tree.job.getState()).resolves.toBe('waiting-children');
    await expect(middle!.job.getState()).resolves.toBe('waiting-children');
    await expect(leaf!.job.getState()).resolves.toBe('waiting');
    expect(middle!.job.parent).toEqual({ id: tree.job.id, queueKey: 'bull:books' });
    expect((await tree.job.getDependencies()).unprocessed!.toSorted()).toEqual(
      tree.children!.map(({ job }) => `bull:pages:${job.id}`).toSorted(),
    );
    const found = await flow.getFlow({ id: tree.job.id, queueName: 'books', depth: 2 });
    expect(found!.children).toHaveLength(2);
    expect(found!.children!.every(({ children }) => children === undefined)).toBe(true);
    await expect(flow.getFlow({ id: 'nobody', queueName: 'books' })).resolves.toBeUndefined();
    expect(JSON.stringify(await books.getFlow(tree.job.id, { depth: 2 }))).toBe(JSON.stringify(found));
    await expect(pages.getFlow(tree.job.id)).resolves.toBeUndefined();
  });

  it('gives jobs without options of their own those of their queue', async () => {
    const { job, children } = await flow.add(
      { name: 'book', queueName: 'books', children: [page({ attempts: 5 }), page()] },
      { queuesOptions: { pages: { defaultJobOptions: { attempts: 2, priority: 1 } } } },
    );
    expect(job.opts.attempts).toBeUndefined();
    expect(children!.map((child) => child.job.opts)).toMatchObject([
      { attempts: 5, priority: 1 },
      { attempts: 2, priority: 1 },
    ]);
  });

  it('attaches a flow to a job that exists', async () => {
    const parent = await books.add('book', null);
    await flow.add(page({ parent: { id: parent.id, queue: parent.queueQualifiedName } }, [page()]));
    await expect(parent.getDependenciesCount()).resolves.toMatchObject({ unprocessed: 1 });
  });

  it('names all that is wrong with all jobs together, and adds nothing', async () => {
    const before = await pages.getJobCounts();
    const error = await flow
      .add({
        name: 'book',
        queueName: 'books',
        children: [
          { ...page(), queueName: 'a:b' },
          page({ parent: { id: '1', queue: 'bull:books' } }),
          page({ deduplication: { id: 'a' } }, [page()]),
          page({}, [page({ failParentOnFailure: true, ignoreDependencyOnFailure: true })]),
          { ...page(), child: [] } as never,
        ],
      })
      .catch((refusal: unknown) => refusal);
    expect(faultsIn(error).map(({ at, code }) => `${code} ${at}`)).toEqual([
      'INVALID_NAME flow.children[0]',
      'INVALID_OPTION flow.children[1]',
      'INVALID_OPTION flow.children[2]',
      'INVALID_OPTION flow.children[3].children[0] "page" of queue "pages"',
      'UNKNOWN_OPTION flow.children[4]',
    ]);
    await expect(pages.getJobCounts()).resolves.toEqual(before);
  });

  it("refuses a parent that doesn't exist, and adds nothing", async () => {
    const before = await pages.getJobCounts();
    const parent = { id: 'nobody', queue: 'bull:books' };
    await expect(flow.add(page({ parent }, [page()]))).rejects.toBeInstanceOf(JobNotFoundError);
    await expect(pages.add('page', null, { parent })).rejects.toBeInstanceOf(JobNotFoundError);
    await expect(pages.add('page', null, { parent: { id: '1', queue: 'books' } })).rejects.toThrow(
      'parent.queue must be the qualified name',
    );
    await expect(pages.getJobCounts()).resolves.toEqual(before);
  });

  it('refuses a tree of more than 10,000 jobs', async () => {
    const children = Array.from({ length: 10_000 }, () => page());
    await expect(flow.add({ name: 'book', queueName: 'books', children })).rejects.toThrow('the limit is 10000');
  });

  it('refuses a tree of more than 32 generations', async () => {
    const nested = (generations: number): FlowJob => page({}, generations > 1 ? [nested(generations - 1)] : undefined);
    await expect(flow.add(nested(33))).rejects.toThrow('nested deeper than 32 generations');
    await expect(flow.add(nested(32))).resolves.toMatchObject({ job: { name: 'page' } });
  });

  it('adds nothing once it is closed', async () => {
    const closed = new FlowProducer({ connection });
    await closed.close();
    await expect(closed.add(page())).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
