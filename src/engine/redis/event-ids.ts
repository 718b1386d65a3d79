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
