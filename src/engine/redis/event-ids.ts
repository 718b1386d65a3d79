/**
 * Streams number their entries `<milliseconds>-<sequence>`; as one number, all are told apart until 2041. They are odd: one even
 * number before each is left for what an entry tells beside its event.
 */
const epoch = 1_700_000_000_000;
const perMillisecond = 2 ** 14;

export function eventNumber(streamId: string): number {
  const dash = streamId.indexOf('-');
  const at = Number(streamId.slice(0, dash));
  return at === 0 ? 0 : (at - epoch) * perMillisecond + 2 * Number(streamId.slice(dash + 1)) + 1;
}

export function eventTime(streamId: string): number {
  return Number(streamId.slice(0, streamId.indexOf('-')));
}

/** The `entry` of what an entry of the stream tells before its own event. */
export function entryBefore(streamId: string): string {
  return `${streamId}/before`;
}

/** A place in a stream: behind an entry, and behind the events up to a number. */
export interface StreamPlace {
  readonly entry: string;
  readonly number: number;
}

/** The place behind an event, by its `entry`; of an id of Redis' the sequence may be left out. `undefined` when it is none. */
export function placeAfter(entry: string): StreamPlace | undefined {
  const [, ms, sequence = '0', before] = /^(\d+)(?:-(\d+))?(\/before)?$/.exec(entry) ?? [];
  if (ms === undefined) return undefined;
  const id = `${ms}-${sequence}`;
  if (!before) return { entry: id, number: eventNumber(id) };
  const previous = sequence === '0' ? `${Number(ms) - 1}-18446744073709551615` : `${ms}-${Number(sequence) - 1}`;
  return { entry: previous, number: eventNumber(id) - 1 };
}
