import { noLicense, noManifest, notInstalled } from './license.js';
import type { Summary } from './summary.js';
import { table } from './table.js';

export function reportText(summary: Summary): string {
  const parts = [licenses(summary), largest(summary), ...unlicensed(summary)];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** `12.3 MB` */
export function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function licenses({ rows }: Summary): string {
  const packages = rows.reduce((sum, row) => sum + row.packages, 0);
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  return table(
    [
      { title: 'License', align: 'left' },
      { title: 'Packages', align: 'right' },
      { title: 'Share', align: 'right' },
      { title: 'Size', align: 'right' },
    ],
    [
      ...rows.map((row) => [
        row.license,
        String(row.packages),
        `${((100 * row.packages) / packages).toFixed(1)} %`,
        row.license === notInstalled ? '–' : size(row.bytes),
      ]),
      [],
      ['Total', String(packages), '', size(bytes)],
    ],
  );
}

function largest({ largest: packages }: Summary): string {
  if (packages.length === 0) return '';
  return table(
    [
      { title: 'Largest packages', align: 'left' },
      { title: 'License', align: 'left' },
      { title: 'Size', align: 'right' },
    ],
    packages.map(({ name, version, license, bytes }) => [`${name} ${version}`, license, size(bytes)]),
  );
}

const explained: Readonly<Record<string, string>> = {
  [noLicense]: 'No license stated in the manifest',
  [noManifest]: 'No package.json that can be read',
  [notInstalled]: "In the lock file but not installed, as optional packages for other platforms aren't",
};

function unlicensed({ unlicensed: groups }: Summary): readonly string[] {
  return groups.map(({ reason, names }) => `${explained[reason]}\n  ${byScope(names)}`);
}

/** Platform packages come by the dozen: `@esbuild/* (25), fsevents`. */
function byScope(names: readonly string[]): string {
  const scopes = new Map<string, string[]>();
  for (const name of names) {
    const scope = name.startsWith('@') && !name.includes(' > ') ? name.replace(/\/.*/, '/*') : name;
    scopes.set(scope, [...(scopes.get(scope) ?? []), name]);
  }
  return [...scopes].map(([scope, of]) => (of.length > 1 ? `${scope} (${of.length})` : of[0])).join(', ');
}
