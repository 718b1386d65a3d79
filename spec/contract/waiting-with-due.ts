import type { Waiting } from '../../src/engine/engine.js';
import { children, next, type Bench } from './bench.js';

const gate: Waiting = { groups: ['gate'] };

export function waitingWithDueContract(bench: Bench): void {
  describe('moveToWaitingChildren with a due time', () => {
    const park = async (after: number, waiting: Waiting = gate): Promise<string> => {
      const parent = await bench.begin();
      const write = next(parent, { children: children(parent.job.id, ['k-0']) });
      const due = bench.engine.clock.now() + after;
      expect(await bench.engine.moveToWaitingChildren(parent.lease, write, { ...waiting, due })).toBe(true);
      return parent.job.id;
    };

    it('G4: wakes when it is due, though children are pending', async () => {
      const heard = bench.listen();
      const parent = await park(1_000);
      await bench.advance(500);
      expect(await bench.claimIds()).toEqual([]);
      await bench.advance(1_000);
      expect(await bench.claimIds()).toEqual([parent]);
      await bench.completeChild(); // it comes too late to wake anybody
      expect(await bench.stateOf(parent)).toBe('active');
      expect(await heard.wakings(parent)).toBe(1);
    });

    it('G4: wakes when the children are settled, though it is not due', async () => {
      const heard = bench.listen();
      const parent = await park(1_000);
      await bench.completeChild();
      const woken = await bench.claim();
      expect(woken.job).toMatchObject({ id: parent, due: undefined });
      await bench.engine.moveToDelayed(woken.lease, next(woken), bench.engine.clock.now() + 60_000);
      await bench.advance(1_500); // the old due time
      expect(await bench.claimIds()).toEqual([]);
      expect(await heard.wakings(parent)).toBe(1);
    });

    it('tells when it is due', async () => {
      const parent = await park(60_000);
      const { due } = await bench.job(parent);
      expect(due).toBeGreaterThan(bench.engine.clock.now() + 30_000);
      expect(due).toBeLessThanOrEqual(bench.engine.clock.now() + 60_000);
    });

    it('waits for nothing but the time when that is all it is told', async () => {
      const parent = await park(1_000, {});
      await bench.completeChild();
      expect(await bench.stateOf(parent)).toBe('waiting-children');
      await bench.advance(1_500);
      expect(await bench.claimIds()).toEqual([parent]);
      const childless = await bench.begin();
      const due = bench.engine.clock.now() + 1_000;
      expect(await bench.engine.moveToWaitingChildren(childless.lease, next(childless), { due })).toBe(true);
      await bench.advance(1_500);
      expect(await bench.claimIds()).toEqual([childless.job.id]);
    });

    it('is woken at once when the time has passed', async () => {
      const parent = await park(-1_000);
      expect(await bench.claimIds()).toEqual([parent]);
    });
  });
}
