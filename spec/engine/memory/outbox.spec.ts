import { Outbox } from '../../../src/engine/memory/outbox.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('Outbox', () => {
  const setUp = () => {
    const clock = new ManualClock();
    const calls: string[] = [];
    return { clock, outbox: new Outbox(clock), calls, call: (name: string) => () => void calls.push(name) };
  };

  it('makes calls later, in their order, in one turn', () => {
    const { clock, outbox, calls, call } = setUp();
    outbox.post(call('a'));
    outbox.post(call('b'));
    expect(calls).toEqual([]);
    expect(clock.pending).toBe(1);
    clock.tick();
    expect(calls).toEqual(['a', 'b']);
    expect(clock.pending).toBe(0);
  });

  it('leaves what is posted meanwhile to the next turn', () => {
    const { clock, outbox, calls, call } = setUp();
    outbox.post(() => outbox.post(call('later')));
    outbox.post(call('now'));
    clock.tick();
    expect(calls).toEqual(['now']);
    clock.tick();
    expect(calls).toEqual(['now', 'later']);
  });

  it('lets what a listener throws surface in a turn of its own, and calls the others', () => {
    const { clock, outbox, calls, call } = setUp();
    outbox.post(() =>
      outbox.call(() => {
        throw new Error('of a listener');
      }),
    );
    outbox.post(call('other'));
    expect(() => clock.tick()).not.toThrow();
    expect(calls).toEqual(['other']);
    expect(() => clock.tick()).toThrow('of a listener');
  });

  it('makes the calls that it owes when it is closed, and leaves no timer', () => {
    const { clock, outbox, calls, call } = setUp();
    outbox.post(call('a'));
    outbox.close();
    expect(calls).toEqual(['a']);
    outbox.post(call('b'));
    expect(clock.pending).toBe(0);
  });

  it('owes nothing any more once it is closed, whatever the last calls lead to', () => {
    const { clock, outbox, calls, call } = setUp();
    outbox.post(() => outbox.post(call('later')));
    outbox.close();
    outbox.close();
    expect(clock.pending).toBe(0);
    expect(calls).toEqual([]);
  });
});
