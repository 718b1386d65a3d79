/** What Redis tells of one of its clients; see `CLIENT LIST`. */
export type Client = Readonly<Record<string, string>>;

/** The answer to `CLIENT LIST`. */
export function clientsOf(list: unknown): readonly Client[] {
  return String(list)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      Object.fromEntries(
        line
          .trim()
          .split(' ')
          .map((field) => {
            const equals = field.indexOf('=');
            return [field.slice(0, equals), field.slice(equals + 1)];
          }),
      ),
    );
}
