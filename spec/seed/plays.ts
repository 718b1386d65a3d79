import { strikeAtCall } from './boundary.js';
import { playCut, playInMemory } from './in-memory.js';
import { playOnRedis } from './on-redis.js';
import type { ProgramName } from './page.js';
import { expectPlayed, type Expected } from './played.js';

/** What it comes to when the process is killed somewhere. */
export interface Killed extends Expected {
  /** `before updateData 1`: before the store has the first call of `updateData`; `after`: after that, without the answer. */
  readonly at: string;
  /** Why it comes to that. */
  readonly as: string;
}

/** A program of the page, on both engines: how it ends, and how when its process is killed between any two of its calls. */
export function itPlays(program: ProgramName, calm: Expected, killed: readonly Killed[]): void {
  describe.each([
    ['memory', playInMemory],
    ['redis', playOnRedis],
  ] as const)('on the %s engine', (_, play) => {
    let played: Awaited<ReturnType<typeof play>>;
    beforeAll(async () => {
      played = await play(program, [undefined, ...killed.map(({ at }) => at)]);
    });

    it('ends as the page says', () => expectPlayed(played[0]!, calm));

    it.each(killed.map((one, index) => ({ ...one, index })))('killed $at: $calls, as $as', ({ index, ...expected }) =>
      expectPlayed(played[index + 1]!, expected),
    );
  });

  it('killed at any other call on the memory engine, it comes to the same as when it is left alone', async () => {
    const { made } = await playCut(program);
    const others = made.flatMap((method, index) => {
      const nth = made.slice(0, index + 1).filter((each) => each === method).length;
      return (['before', 'after'] as const)
        .filter((when) => !killed.some(({ at }) => at === `${when} ${method} ${nth}`))
        .map((when) => ({ when, call: index + 1 }));
    });
    for (const { when, call } of others) {
      const { made: _, ...played } = await playCut(program, (strike) => strikeAtCall(when, call, strike));
      expectPlayed({ ...played, calls: played.calls.replace(/ ?\| ?/, (mark) => (mark === ' | ' ? ' ' : '')) }, calm);
    }
  });
}
