/**
 * What a terminal would obey and not show: control characters of both sets, marks that turn the direction of text, and those that
 * take no place. Job data may be a stranger's.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu;

/** A text in one line, with escapes for what isn't to reach a terminal as it is. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, escaped);
}

/** The same, longer than so many characters cut short. */
export function shortened(text: string, length: number): string {
  // at most so much is looked at: a payload may have a mebibyte
  const shown = printable(text.slice(0, length + 1));
  const characters = Array.from(shown);
  return characters.length <= length ? shown : `${characters.slice(0, length - 1).join('')}…`;
}

/** JSON of any value, in one line and cut short. */
export function shortJson(value: unknown, length: number): string {
  return value === undefined ? '' : shortened(JSON.stringify(value), length);
}

/** Whatever stands in a URL behind its user. */
export function withoutPasswords(text: string): string {
  return text.replaceAll(/(\w:\/\/[^\s:@/]*):\S*@/g, '$1:***@');
}

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  return named[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
