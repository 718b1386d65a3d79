import { runInNewContext } from 'node:vm';
import { whenReady } from '../../src/engine/awaitable.js';
import type { Awaitable } from '../../src/engine/awaitable.js';

/** What was called back, and how. */
async function told(call: () => Awaitable<unknown>): Promise<readonly unknown[]> {
  return new Promise((resolve) => {
    whenReady(
      call,
      (answer) => resolve(['done', answer]),
      (error) => resolve(['failed', error]),
    );
  });
}

describe('whenReady', () => {
  it.each([5, undefined, null, false, '', 'text'])('hands on the answer %j in the same turn', (answer) => {
    const calls: unknown[] = [];
    whenReady(
      () => answer,
      (each) => calls.push(each),
      () => calls.push('failed'),
    );
    expect(calls).toEqual([answer]);
  });

  it('hands on what a promise resolves to', async () => {
    expect(await told(() => Promise.resolve(5))).toEqual(['done', 5]);
    expect(await told(async () => undefined)).toEqual(['done', undefined]);
  });

  it('hands on what is thrown, at once or later', async () => {
    const error = new Error('no');
    const atOnce = () => {
      throw error;
    };
    expect(await told(atOnce)).toEqual(['failed', error]);
    expect(await told(() => Promise.reject(error))).toEqual(['failed', error]);
  });

  it("takes a promise of another realm for one, as Node's own are in Jest", async () => {
    expect(await told(() => runInNewContext('Promise.resolve(5)') as Promise<number>)).toEqual(['done', 5]);
  });

  it('does not take an error of the callback for one of the call', () => {
    const failed = jest.fn();
    const broken = () => {
      throw new Error('in the callback');
    };
    expect(() => whenReady(() => 5, broken, failed)).toThrow('in the callback');
    expect(failed).not.toHaveBeenCalled();
  });
});
