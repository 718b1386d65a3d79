import { noLicense, noManifest, notInstalled } from './license.js';
import type { Summary } from './summary.js';
import { table } from './table.js';

export function reportText(summary: Summary): string {
  return [licenses(summary), largest(summary), without(summary)].filter((part) => part !== '').join('\n\n');
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
        row.license === notInstalled ? '' : size(row.bytes),
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

const explained: Readonly<Record<string, (names: readonly string[]) => string>> = {
  [noLicense]: (names) => `Their manifest states no license: ${names.join(', ')}`,
  [noManifest]: (names) => `Their package.json is missing or broken: ${names.join(', ')}`,
  [notInstalled]: (names) => `In the lock file, but not on this disk (as optional packages are): ${countByScope(names)}`,
};

function without({ without: names }: Summary): string {
  return Object.entries(names)
    .map(([reason, packages]) => explained[reason]?.(packages) ?? '')
    .join('\n');
}

/** Platform packages come by the dozen: `@esbuild/* 25, fsevents`. */
function countByScope(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) {
    const scope = name.startsWith('@') ? name.replace(/\/.*/, '/*') : name;
    counts.set(scope, (counts.get(scope) ?? 0) + 1);
  }
  return [...counts].map(([scope, count]) => (scope.endsWith('/*') ? `${scope} ${count}` : scope)).join(', ');
}
