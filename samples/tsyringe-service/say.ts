/** A line of the story. */
export function say(who: string, text: string): void {
  console.log(`${who.padEnd(9)} ${text}`);
}
