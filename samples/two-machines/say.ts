const start = Number((process.env['STARTED_AT'] ??= String(Date.now()))); // what this process starts counts from then, too

/** A line of the story, written before the call returns: the lines of all processes come in the order in which things happen. */
export function say(who: string, text: string): void {
  const seconds = ((Date.now() - start) / 1_000).toFixed(2).padStart(6);
  process.stdout.write(`${seconds} s   ${who.padEnd(9)}   ${text}\n`);
}
