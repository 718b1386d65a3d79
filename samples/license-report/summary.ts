import { noLicense, noManifest, notInstalled } from './license.js';
import { packageName, type PackageFacts } from './packages.js';

export interface LicenseRow {
  readonly license: string;
  readonly packages: number;
  readonly bytes: number;
}

export interface Summary {
  readonly rows: readonly LicenseRow[];
  readonly largest: readonly PackageFacts[];
  /** Packages that have no license to report, by the reason. */
  readonly without: Readonly<Record<string, readonly string[]>>;
}

const shownLargest = 8;
const reasons = [noLicense, noManifest, notInstalled];

export function summarize(facts: readonly PackageFacts[], absent: readonly string[]): Summary {
  const missing = absent.map((path) => ({ name: packageName(path), license: notInstalled, bytes: 0 }));
  const byLicense = new Map<string, { name: string; bytes: number }[]>();
  for (const each of [...facts, ...missing]) {
    byLicense.set(each.license, [...(byLicense.get(each.license) ?? []), each]);
  }
  const rows = [...byLicense].map(([license, packages]) => ({
    license,
    packages: packages.length,
    bytes: packages.reduce((sum, { bytes }) => sum + bytes, 0),
  }));
  return {
    rows: rows.sort(byRank),
    largest: [...facts].sort((a, b) => b.bytes - a.bytes).slice(0, shownLargest),
    without: Object.fromEntries(
      reasons.flatMap((reason) => {
        const packages = byLicense.get(reason);
        return packages ? [[reason, packages.map(({ name }) => name)]] : [];
      }),
    ),
  };
}

/** The most used license first, what isn't one last. */
function byRank(a: LicenseRow, b: LicenseRow): number {
  return (
    reasons.indexOf(a.license) - reasons.indexOf(b.license) ||
    b.packages - a.packages ||
    b.bytes - a.bytes ||
    (a.license < b.license ? -1 : 1)
  );
}
