/** What the doctor has looked at, and found; as `--json` prints it. */
export interface Check {
  /** Stable, for programs. */
  readonly id: string;
  /** `problem`: something fails, or loses jobs; `warning`: it may; `skipped`: it could not be looked at. */
  readonly level: 'ok' | 'warning' | 'problem' | 'skipped';
  readonly found: string;
  /** Why it matters. */
  readonly why?: string;
  /** What mends it, in a line. */
  readonly fix?: string;
}

/** What belongs together. */
export interface Area {
  readonly title: string;
  readonly checks: readonly Check[];
}

export function ok(id: string, found: string): Check {
  return { id, level: 'ok', found };
}

export function skipped(id: string, found: string): Check {
  return { id, level: 'skipped', found };
}

/** Something to be mended. */
export function finding(
  level: 'warning' | 'problem',
  id: string,
  { found, why, fix }: Required<Pick<Check, 'found' | 'why' | 'fix'>>,
): Check {
  return { id, level, found, why, fix };
}
