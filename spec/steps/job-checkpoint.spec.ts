import { concatMap, EMPTY, NEVER, of, throwError } from 'rxjs';
import { awaitChildren, checkpoint, checkpointMap, checkpointOf, CorruptPayloadError, delay, Queue } from 'stepstream';
import type { JobRecord } from '../../src/engine/records.js';
import { processor } from '../support/processor.js';
import { start, World } from '../support/world.js';

const hour = 3_600_000;

/** The jobs of two steps, the second of which is what is looked at. */
async function lookAt(second: () => unknown): Promise<unknown> {
  const world = await start([processor({ charge: () => of({ receipt: 7 }), ship: second })]);
  const job = await world.add();
  await world.settle();
  const checkpointed = checkpointOf((await world.client.queue('work').getJob(job.id))!);
  await world.until(world.app.close());
  return checkpointed;
}

describe('checkpointOf(job)', () => {
  it('is undefined before the first step, and of a job that a function runs', async () => {
    const world = await start([processor({ only: () => NEVER })]);
    const job = await world.add(undefined, { delay: hour });
    expect(checkpointOf(job)).toBeUndefined();
    const plain = await new Queue('plain', { connection: world.engine }).add('job', 1);
    expect(checkpointOf(plain)).toBeUndefined();
    await world.app.close();
  });

  it('tells the step, the visit, and the outputs of the steps before', async () => {
    const outputs = { charge: { receipt: 7 } };
    await expect(lookAt(() => NEVER)).resolves.toEqual({ run: 1, step: 'ship', visit: 2, gates: [], outputs });
  });

  it('tells until when a delay waits', async () => {
    await expect(lookAt(() => of(1).pipe(checkpoint(), delay('1 hour')))).resolves.toMatchObject({
      step: 'ship',
      gates: [{ kind: 'checkpoint' }, { kind: 'delay', due: expect.any(Number) }],
    });
  });

  it('tells how many children are awaited, and by which gate', async () => {
    const children = awaitChildren((name: string) => ({ queue: 'others', name }));
    await expect(lookAt(() => of('a', 'b').pipe(children))).resolves.toMatchObject({
      gates: [{ kind: 'awaitChildren', children: 2 }],
    });
  });

  it('tells how many items of a checkpointMap are done, a gate with a key by its key', async () => {
    const items = checkpointMap((item: number) => (item < 3 ? of(item) : NEVER), { key: 'pages' });
    await expect(lookAt(() => of(1, 2, 3).pipe(items))).resolves.toMatchObject({
      saved: 2,
      gates: [{ key: 'pages', items: 2 }],
    });
  });

  it('is kept by a job that fails, and gone when one has completed', async () => {
    const world = await start([
      processor({
        ask: (job) => (job.data === 'fails' ? of(1).pipe(concatMap(() => throwError(() => new Error('no')))) : EMPTY),
        done: () => EMPTY,
      }),
    ]);
    const [failed, completed] = [await world.add('fails'), await world.add('works')];
    await world.settle();
    const queue = world.client.queue('work');
    expect(checkpointOf((await queue.getJob(failed.id))!)).toMatchObject({ step: 'ask', visit: 1, outputs: {} });
    expect(checkpointOf((await queue.getJob(completed.id))!)).toBeUndefined();
    await world.app.close();
  });

  it('says so when what is stored is unreadable', async () => {
    const world = new World();
    const record = world.get(await world.client.queue('work').add('job', 1));
    const damaged: JobRecord = { ...record, checkpoint: { seq: 1, cursor: '{', fields: new Map() } };
    const connection = Object.create(world.engine, { get: { value: () => damaged } });
    const job = await new Queue('work', { connection }).getJob(record.id);
    expect(() => checkpointOf(job!)).toThrow(CorruptPayloadError);
  });
});
