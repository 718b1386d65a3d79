/** JSON as it is printed: what `JSON.stringify` leaves and a terminal obeys is escaped, too; it means the same. */
export function asJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replaceAll(
    /[\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g,
    escaped,
  );
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
