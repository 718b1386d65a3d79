import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseJsonc } from './jsonc.js';

/** What is read of a package.json. */
export interface Package {
  readonly version?: string;
  readonly scripts?: Readonly<Record<string, unknown>> | null;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** `undefined`: there is none that could be read. */
export function readPackage(folder: string): Package | undefined {
  try {
    return parseJsonc(readFileSync(join(folder, 'package.json'), 'utf8')) as Package;
  } catch {
    return undefined;
  }
}

/** A package as Node finds it. */
export interface Installed {
  readonly folder: string;
  readonly version: string;
}

/** The package that a file in this folder imports by this name; `undefined`: none. */
export function installedFor(folder: string, name: string): Installed | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const place = join(at, 'node_modules', name);
    // links are followed, as Node does: the same folder is the same copy
    if (existsSync(join(place, 'package.json'))) {
      return { folder: realpathSync(place), version: readPackage(place)?.version ?? '?' };
    }
    if (dirname(at) === at) return undefined;
  }
}
