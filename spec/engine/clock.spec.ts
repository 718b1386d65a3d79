import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from 'stepstream';

const day = 86_400_000;

describe('systemClock', () => {
  it('tells milliseconds since the epoch', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(60_000);
  });

  it('never goes backwards, though the wall clock is set', () => {
    const before = systemClock.now();
    const set = jest.spyOn(Date, 'now').mockReturnValue(0);
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
    set.mockRestore();
  });

  it.each([0, -5])('calls at the next turn of the event loop for %d', async (ms) => {
    const order: string[] = [];
    systemClock.after(ms, () => order.push('called'));
    order.push('returned');
    await Promise.resolve().then(() => order.push('microtask'));
    expect(order).toEqual(['returned', 'microtask']);
    await nextTurn();
    expect(order).toEqual(['returned', 'microtask', 'called']);
  });

  it('takes back what is to be called at the next turn', async () => {
    const action = jest.fn();
    const cancel = systemClock.after(0, action);
    cancel();
    await nextTurn();
    expect(action).not.toHaveBeenCalled();
    cancel();
  });

  it('I8: in real time, calls when the time has come, never before', async () => {
    for (const ms of [0.1, 1, 1.7, 3, 4.2]) {
      const from = systemClock.now();
      await new Promise<void>((resolve) => systemClock.after(ms, resolve));
      expect(systemClock.now() - from).toBeGreaterThanOrEqual(ms);
    }
  });

  describe('with time in our hands', () => {
    /** By how much the monotonic clock lags behind Node's timers. */
    let lag: number;

    beforeEach(() => {
      jest.useFakeTimers({ now: 0, doNotFake: ['performance'] });
      lag = 0;
      jest.spyOn(performance, 'now').mockImplementation(() => Date.now() - lag);
    });

    afterEach(() => {
      jest.restoreAllMocks();
      jest.useRealTimers();
    });

    const pass = (ms: number): void => {
      jest.advanceTimersByTime(ms);
    };

    it('calls once, when the time has come', () => {
      const action = jest.fn();
      systemClock.after(10, action);
      pass(9);
      expect(action).not.toHaveBeenCalled();
      pass(1);
      pass(100);
      expect(action).toHaveBeenCalledTimes(1);
      expect(jest.getTimerCount()).toBe(0);
    });

    it.each([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 + 5, 60 * day])(
      'R14: waits %d ms, and does not overflow',
      (ms) => {
        const action = jest.fn();
        systemClock.after(ms, action);
        pass(5);
        expect(action).not.toHaveBeenCalled();
        let left = ms - 5;
        for (; left > day; left -= day) pass(day);
        pass(left - 1);
        expect(action).not.toHaveBeenCalled();
        pass(1);
        expect(action).toHaveBeenCalledTimes(1);
      },
    );

    it('waits for ever, and takes it back', () => {
      const action = jest.fn();
      const cancel = systemClock.after(Infinity, action);
      pass(100 * day);
      expect(action).not.toHaveBeenCalled();
      expect(jest.getTimerCount()).toBe(1);
      cancel();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('takes back a long wait in the middle of it', () => {
      const action = jest.fn();
      const cancel = systemClock.after(60 * day, action);
      pass(30 * day);
      cancel();
      cancel();
      expect(jest.getTimerCount()).toBe(0);
      pass(60 * day);
      expect(action).not.toHaveBeenCalled();
    });

    it("I8: does not call when Node's timer fires a fraction early, but when the time has come", () => {
      const action = jest.fn();
      systemClock.after(10, action);
      lag = 0.8;
      pass(10);
      expect(action).not.toHaveBeenCalled();
      pass(1);
      expect(action).toHaveBeenCalledTimes(1);
    });
  });
});
