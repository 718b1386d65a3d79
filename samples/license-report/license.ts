/** What a `package.json` may say about its license: nobody has checked it. */
export interface Manifest {
  readonly version?: string;
  readonly license?: unknown;
  readonly licenses?: unknown;
}

/** What stands in the place of a license. */
export const noLicense = '(none stated)';
export const noManifest = '(no manifest)';
export const notInstalled = '(not installed)';

/** A license in any of the forms that npm has known: text, `{ type }`, and a list of those in `licenses`. */
export function licenseOf({ license, licenses }: Manifest): string {
  const stated = [license, licenses].flat().flatMap(nameOf);
  return stated.length > 0 ? [...new Set(stated)].join(' OR ') : noLicense;
}

function nameOf(license: unknown): readonly string[] {
  const name = typeof license === 'object' && license !== null && 'type' in license ? license.type : license;
  if (typeof name !== 'string' || name.trim() === '') return [];
  return [name.trim().replace(/^\(([^()]*)\)$/, '$1')]; // `(MIT OR CC0-1.0)`
}
