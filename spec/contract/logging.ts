import { jobs, next, type Bench } from './bench.js';

export function logContract(bench: Bench): void {
  const rows = async (id: string): Promise<readonly string[]> => (await bench.engine.logs(jobs, id)).logs;

  describe('log', () => {
    it('appends rows, in their order, whatever state the job is in, and answers how many there are', async () => {
      const claimed = await bench.begin();
      const { id } = claimed.job;
      const counts = [];
      for (const row of ['one', '', 'three\nlines\n']) counts.push(await bench.engine.log(jobs, id, row));
      await bench.engine.complete(claimed.lease, next(claimed), undefined, 0);
      counts.push(await bench.engine.log(jobs, id, 'last'));
      expect(counts).toEqual([1, 2, 3, 4]);
      expect(await bench.engine.logs(jobs, id)).toEqual({ logs: ['one', '', 'three\nlines\n', 'last'], count: 4 });
    });

    it('is empty at first, and for a job that is not there, which gets none', async () => {
      expect(await bench.engine.logs(jobs, await bench.add())).toEqual({ logs: [], count: 0 });
      expect(await bench.engine.log(jobs, 'nobody', 'row')).toBeUndefined();
      expect(await bench.engine.logs(jobs, 'nobody')).toEqual({ logs: [], count: 0 });
      expect(await bench.engine.get(jobs, 'nobody')).toBeUndefined();
    });

    it('is answered as it is now', async () => {
      const id = await bench.add();
      const before = await bench.engine.logs(jobs, id);
      await bench.engine.log(jobs, id, 'row');
      expect(before).toEqual({ logs: [], count: 0 });
    });

    it('keeps as many rows as the call says, else the job', async () => {
      const id = await bench.add({ keepLogs: 3 });
      const counts = [];
      for (let n = 1; n <= 5; n++) counts.push(await bench.engine.log(jobs, id, String(n)));
      expect(counts).toEqual([1, 2, 3, 3, 3]);
      expect(await rows(id)).toEqual(['3', '4', '5']);
      expect(await bench.engine.log(jobs, id, '6', 2)).toBe(2);
      expect(await rows(id)).toEqual(['5', '6']);
      for (let n = 7; n <= 9; n++) await bench.engine.log(jobs, id, String(n), 5);
      expect(await rows(id)).toEqual(['5', '6', '7', '8', '9']);
    });
  });

  describe('logs', () => {
    it.each([
      [0, 1, true, ['1', '2']],
      [1, 2, true, ['2', '3']],
      [3, -1, true, ['4', '5']],
      [0, -1, false, ['5', '4', '3', '2', '1']],
      [0, 1, false, ['5', '4']],
      [1, 2, false, ['4', '3']],
      [3, -1, false, ['2', '1']],
      [5, 9, true, []],
      [5, 9, false, []],
    ])('are answered from %d to %d, the oldest first: %p', async (start, end, ascending, expected) => {
      const id = await bench.add();
      for (let n = 1; n <= 5; n++) await bench.engine.log(jobs, id, String(n));
      expect(await bench.engine.logs(jobs, id, start, end, ascending)).toEqual({ logs: expected, count: 5 });
    });
  });

  describe('clearLogs', () => {
    it('removes the rows but for the last', async () => {
      const id = await bench.add();
      for (let n = 1; n <= 5; n++) await bench.engine.log(jobs, id, String(n));
      await bench.engine.clearLogs(jobs, id, 9);
      expect(await rows(id)).toHaveLength(5);
      await bench.engine.clearLogs(jobs, id, 2);
      expect(await rows(id)).toEqual(['4', '5']);
      await bench.engine.clearLogs(jobs, id, 0);
      expect(await rows(id)).toEqual([]);
      await bench.engine.clearLogs(jobs, 'nobody', 0);
      expect(await bench.engine.log(jobs, id, 'new')).toBe(1);
    });
  });
}
