import { noLicense, noManifest, notInstalled } from './license.js';
import { packageName, type PackageFacts } from './packages.js';

/** What the report tells. */
export interface Summary {
  readonly rows: readonly LicenseRow[];
  readonly largest: readonly PackageFacts[];
  /** The packages that have no license to report, by the reason. */
  readonly unlicensed: readonly { readonly reason: string; readonly names: readonly string[] }[];
}

export interface LicenseRow {
  readonly license: string;
  readonly packages: number;
  readonly bytes: number;
}

const reasons = [noLicense, noManifest, notInstalled];
const shownLargest = 8;

export function summarize(facts: readonly PackageFacts[], absent: readonly string[]): Summary {
  const missing = absent.map((path) => ({ name: packageName(path), license: notInstalled, bytes: 0 }));
  const all = [...facts, ...missing];
  return {
    rows: [...new Set(all.map(({ license }) => license))]
      .map((license) => {
        const packages = all.filter((each) => each.license === license);
        return { license, packages: packages.length, bytes: packages.reduce((sum, { bytes }) => sum + bytes, 0) };
      })
      .sort(byRank),
    largest: [...facts].sort((a, b) => b.bytes - a.bytes).slice(0, shownLargest),
    unlicensed: reasons
      .map((reason) => ({ reason, names: all.filter(({ license }) => license === reason).map(({ name }) => name) }))
      .filter(({ names }) => names.length > 0),
  };
}

/** The most used license first, what isn't a license last. */
function byRank(a: LicenseRow, b: LicenseRow): number {
  return reasons.indexOf(a.license) - reasons.indexOf(b.license) || b.packages - a.packages || b.bytes - a.bytes;
}
