/** Where a command's words go. */
export interface Terminal {
  readonly style: Style;
  /** Writes a line to the standard output. */
  print(text: string): void;
  /** Writes a line to the standard error. */
  complain(text: string): void;
}

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/** Colours, or, where there are none, the text as it is. */
export type Style = Readonly<Record<keyof typeof codes, (text: string) => string>>;

/** Colours are for a person at a terminal who hasn't forbidden them by `NO_COLOR`. */
export function terminalOf({ stdout, stderr, env }: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>): Terminal {
  return {
    style: styleOf(stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb'),
    print: (text) => void stdout.write(`${text}\n`),
    complain: (text) => void stderr.write(`${text}\n`),
  };
}

function styleOf(coloured: boolean): Style {
  const entries = Object.entries(codes).map(([name, [on, off]]) => [
    name,
    (text: string) => (coloured ? `\u001B[${on}m${text}\u001B[${off}m` : text),
  ]);
  return Object.fromEntries(entries) as Style;
}
