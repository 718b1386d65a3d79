import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnrecoverableError } from 'stepstream';
import { injectable } from 'tsyringe';
import { folderSize } from './folder-size.js';
import { licenseOf, noManifest, type Manifest } from './license.js';

export interface PackageFacts {
  /** With the packages that it lies in: `jest-config > glob`. */
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly bytes: number;
}

/** The packages of an npm project, by its lock file and on its disk. */
@injectable()
export class Packages {
  /** The paths of the lock file's packages: `node_modules/rxjs`, `node_modules/rxjs/node_modules/tslib` … */
  async list(folder: string): Promise<readonly string[]> {
    const file = join(folder, 'package-lock.json');
    try {
      const { packages } = JSON.parse(await readFile(file, 'utf8')) as { packages: Record<string, unknown> };
      return Object.keys(packages).filter((path) => path !== ''); // that one is the project itself
    } catch (cause) {
      // trying again wouldn't help: whatever attempts the step has left, the job fails at once
      throw new UnrecoverableError(`${file} is not a lock file of npm 7 or newer: ${String(cause)}`, { cause });
    }
  }

  /** Those of the paths that aren't on the disk, such as optional packages for other platforms. */
  async absent(folder: string, paths: readonly string[]): Promise<readonly string[]> {
    const found = await Promise.all(paths.map((path) => exists(join(folder, path))));
    return paths.filter((_, index) => !found[index]);
  }

  async inspect(folder: string, path: string): Promise<PackageFacts> {
    const manifest = await readManifest(join(folder, path, 'package.json'));
    return {
      name: packageName(path),
      version: manifest?.version ?? '',
      license: manifest ? licenseOf(manifest) : noManifest,
      bytes: await folderSize(join(folder, path)),
    };
  }
}

/** `node_modules/a/node_modules/b` is `a > b`. */
export function packageName(path: string): string {
  return path.replace(/^node_modules\//, '').replaceAll('/node_modules/', ' > ');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** `undefined` when it is missing, or isn't a manifest: that is a finding, not an error. */
async function readManifest(file: string): Promise<Manifest | undefined> {
  try {
    const manifest: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof manifest === 'object' && manifest !== null ? manifest : undefined;
  } catch {
    return undefined;
  }
}
