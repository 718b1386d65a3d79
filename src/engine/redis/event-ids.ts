/** Streams number their entries `<milliseconds>-<sequence>`; as one number, both are told apart until 2041. */
const epoch = 1_700_000_000_000;
const perMillisecond = 2 ** 14;

export function eventNumber(streamId: string): number {
  const dash = streamId.indexOf('-');
  const at = Number(streamId.slice(0, dash));
  return at === 0 ? 0 : (at - epoch) * perMillisecond + Number(streamId.slice(dash + 1));
}

export function eventTime(streamId: string): number {
  return Number(streamId.slice(0, streamId.indexOf('-')));
}
