/** Who prints: the shop, or one of the servers that it starts. */
const who = process.env['SERVER'] ?? 'shop';

export function say(text: string): void {
  console.log(`${who.padEnd(9)} ${text}`);
}
