import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EngineEvent } from '../../../src/engine/records.js';
import { EventFeed, type ListenOptions } from '../../../src/engine/redis/event-feed.js';
import type { Dedicated } from '../../../src/engine/redis/link.js';
import { ManualClock } from '../../support/manual-clock.js';

type Entry = readonly [id: string, fields: readonly string[]];

/** A stream of one queue that is read by hand: each read is answered when the test says so. */
class Stream {
  entries: Entry[] = [];
  /** How many ranges can be read before the store is away. */
  ranges = Infinity;
  readonly clock = new ManualClock();
  readonly #reads: { readonly resolve: (answer: unknown) => void; readonly reject: (error: Error) => void }[] = [];
  readonly feed: EventFeed;
  ended: EngineEvent | undefined;

  constructor() {
    const block = () => new Promise((resolve, reject) => void this.#reads.push({ resolve, reject }));
    this.feed = new EventFeed({
      clock: this.clock,
      keyOf: () => 'events',
      endOf: async () => this.ended,
      lastEventOf: async () => this.entries.at(-1)?.[0] ?? '0-0',
      read: async ([, , from, , , count]) => this.#range(String(from), Number(count)),
      open: () => ({ block, interrupt: () => {}, close: async () => {} }) as unknown as Dedicated,
    });
  }

  /** What a listener is told. */
  hear(options: ListenOptions): readonly EngineEvent[] {
    const heard: EngineEvent[] = [];
    this.feed.listen('jobs', (event) => void heard.push(event), options);
    return heard;
  }

  /** `XRANGE`, as the feed uses it. */
  async #range(from: string, count: number): Promise<readonly Entry[]> {
    if (this.ranges-- <= 0) throw new Error('away');
    return this.entries.filter(([id]) => from === '-' || isAfter(id, from.slice(1))).slice(0, count);
  }

  async answer(answer: readonly Entry[] | Error): Promise<void> {
    await nextTurn();
    const read = this.#reads.shift()!;
    if (answer instanceof Error) read.reject(answer);
    else read.resolve([['events', answer]]);
    await nextTurn();
  }
}

const entry = (number: number, event: string, jobId: string): Entry => [
  `1800000000000-${number}`,
  ['event', event, 'jobId', jobId, 'returnvalue', '1'],
];

function isAfter(one: string, other: string): boolean {
  const [[ms, sequence], [otherMs, otherSequence]] = [one, other].map((id) => id.split('-').map(BigInt)) as [
    bigint[],
    bigint[],
  ];
  return ms! > otherMs! || (ms === otherMs && sequence! > otherSequence!);
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await nextTurn();
}

const ended = (returnvalue: string): EngineEvent => ({
  id: Number.MAX_SAFE_INTEGER,
  entry: '1800000000000-90',
  at: 1,
  jobId: 'a',
  type: 'completed',
  returnvalue,
});

describe('the feed of events', () => {
  it('I10: tells who follows a job of its end, when the entry was trimmed while the connection was away', async () => {
    const stream = new Stream();
    stream.entries = [entry(1, 'active', 'a')];
    const heard: EngineEvent[] = [];
    stream.feed.listen('jobs', (event) => void heard.push(event), { jobId: 'a' });
    await nextTurn();
    await stream.answer(new Error('away'));
    stream.ended = ended('"done"');
    stream.entries = [entry(90, 'active', 'b')]; // all between is trimmed
    await stream.answer(stream.entries);
    expect(heard).toMatchObject([{ type: 'completed', returnvalue: '"done"' }]);
  });

  it('tells nothing twice when nothing was trimmed', async () => {
    const stream = new Stream();
    stream.entries = [entry(1, 'active', 'a')];
    const heard: EngineEvent[] = [];
    stream.feed.listen('jobs', (event) => void heard.push(event), { jobId: 'a' });
    await nextTurn();
    await stream.answer(new Error('away'));
    stream.ended = ended('1');
    stream.entries.push(entry(2, 'completed', 'a'));
    await stream.answer([entry(2, 'completed', 'a')]);
    expect(heard).toMatchObject([{ type: 'completed', returnvalue: '1' }]);
  });

  describe('from an entry on', () => {
    it('tells each listener what the stream still has after it, in pages, and then what comes', async () => {
      const stream = new Stream();
      stream.entries = Array.from({ length: 2_500 }, (_, number) => entry(number, 'active', 'a'));
      const [early, late, mine] = [
        stream.hear({ after: '0' }),
        stream.hear({ after: '1800000000000-2400' }),
        stream.hear({ after: '0', jobId: 'b' }),
      ];
      const meanwhile = entry(2_500, 'active', 'b');
      stream.entries.push(meanwhile);
      await stream.answer([meanwhile]); // who has read it already is not told twice
      await turns(20);
      expect(early.map(({ entry: id }) => id)).toEqual(stream.entries.map(([id]) => id));
      expect(late.map(({ entry: id }) => id)).toEqual(stream.entries.slice(2_401).map(([id]) => id));
      const next = entry(2_501, 'stalled', 'a');
      stream.entries.push(next);
      await stream.answer([next]);
      for (const heard of [early, late]) expect(heard.at(-1)).toMatchObject({ type: 'stalled' });
      expect(mine.map(({ entry: id }) => id)).toEqual(['1800000000000-2500']);
    });

    it('tells what came with an entry after what came before it', async () => {
      const stream = new Stream();
      const [id, fields] = entry(0, 'completed', 'a');
      stream.entries = [[id, [...fields, 'progress', '"last"']]];
      const all = stream.hear({ after: '0-0' });
      await turns(5);
      expect(all.map(({ type }) => type)).toEqual(['progress', 'completed']);
      const rest = stream.hear({ after: all[0]!.entry });
      const none = stream.hear({ after: all[1]!.entry });
      await turns(5);
      expect(rest).toEqual(all.slice(1));
      expect(none).toEqual([]);
    });

    it('tells nothing any more to one that stops while it is told what is kept', async () => {
      const stream = new Stream();
      stream.entries = [entry(0, 'active', 'a'), entry(1, 'active', 'a')];
      const heard: EngineEvent[] = [];
      const stop = stream.feed.listen(
        'jobs',
        (event) => {
          heard.push(event);
          stop();
        },
        { after: '0' },
      );
      await turns(5);
      expect(heard).toHaveLength(1);
    });

    it('goes on where it was when the store was away', async () => {
      const stream = new Stream();
      stream.entries = Array.from({ length: 1_500 }, (_, number) => entry(number, 'active', 'a'));
      stream.ranges = 1;
      const heard = stream.hear({ after: '0' });
      await turns(10);
      expect(heard).toHaveLength(1_000);
      stream.ranges = Infinity;
      stream.clock.advance(2_000);
      await turns(10);
      expect(heard.map(({ entry: id }) => id)).toEqual(stream.entries.map(([id]) => id));
    });

    it('is told all that was kept before it is closed', async () => {
      const stream = new Stream();
      stream.entries = Array.from({ length: 1_500 }, (_, number) => entry(number, 'active', 'a'));
      const heard = stream.hear({ after: '0' });
      await stream.feed.close();
      expect(heard).toHaveLength(1_500);
    });

    it.each(['', 'x', '1-', '-1', '1-2-3', '$'])('%p is refused', (after) => {
      expect(() => new Stream().hear({ after })).toThrow('there is no event');
    });
  });
});
