import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EngineEvent } from '../../../src/engine/records.js';
import { EventFeed } from '../../../src/engine/redis/event-feed.js';
import type { Dedicated } from '../../../src/engine/redis/link.js';
import { ManualClock } from '../../support/manual-clock.js';

type Entry = readonly [id: string, fields: readonly string[]];

/** A stream of one queue that is read by hand: each read is answered when the test says so. */
class Stream {
  entries: Entry[] = [];
  readonly #reads: { readonly resolve: (answer: unknown) => void; readonly reject: (error: Error) => void }[] = [];
  readonly feed: EventFeed;
  ended: EngineEvent | undefined;

  constructor() {
    const block = () => new Promise((resolve, reject) => void this.#reads.push({ resolve, reject }));
    this.feed = new EventFeed({
      clock: new ManualClock(),
      keyOf: () => 'events',
      endOf: async () => this.ended,
      lastEventOf: async () => this.entries.at(-1)?.[0] ?? '0-0',
      read: async () => this.entries.slice(0, 1),
      open: () => ({ block, interrupt: () => {}, close: async () => {} }) as unknown as Dedicated,
    });
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
});
