import { jobs, next, type Bench } from './bench.js';

export function lookingContract(bench: Bench): void {
  describe('get', () => {
    it('answers undefined for a job, or a queue, that is not there', async () => {
      await bench.add();
      expect(await bench.engine.get(jobs, 'nobody')).toBeUndefined();
      expect(await bench.engine.get('nowhere', '1')).toBeUndefined();
    });

    it('answers the job as it stands: what happens later changes no record', async () => {
      const claimed = await bench.begin();
      const before = await bench.job(claimed.job.id);
      const copy = structuredClone(before);
      await bench.engine.checkpoint(claimed.lease, next(claimed, { fields: new Map([['f', '1']]), progress: '1' }));
      await bench.engine.complete(claimed.lease, { seq: 2 }, '"done"', 0);
      expect(before).toEqual(copy);
    });

    it('answers the number of the last event: what has a higher one is news, and nothing else', async () => {
      const heard = bench.listen();
      const claimed = await bench.begin();
      const { eventId } = await bench.job(claimed.job.id);
      await bench.engine.complete(claimed.lease, next(claimed, { progress: '1' }), undefined, 0);
      const events = await heard.all();
      expect(events.filter(({ id }) => id > eventId).map(({ type }) => type)).toEqual(['progress', 'completed']);
      expect(events.filter(({ id }) => id <= eventId).map(({ type }) => type)).toEqual(['added', 'waiting', 'active']);
    });

    it('numbers events that nobody listens to', async () => {
      const { job } = await bench.begin();
      const before = (await bench.job(job.id)).eventId;
      await bench.add();
      expect((await bench.job(job.id)).eventId).toBeGreaterThan(before);
    });
  });

  it('ping answers, and status tells how the store is connected, by names of its own', async () => {
    const status = bench.engine.status();
    await bench.engine.ping();
    const { connections } = bench.engine.status();
    expect(bench.engine.status()).toMatchObject({ engine: status.engine, connections });
    expect(connections.filter(({ up }) => !up)).toEqual([]);
  });
}
