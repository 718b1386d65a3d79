import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parseJsonc } from './jsonc.js';

/** Of a tsconfig.json, with what it extends. */
export interface CompilerOptions {
  readonly experimentalDecorators?: boolean;
  readonly emitDecoratorMetadata?: boolean;
}

interface TsConfig {
  readonly extends?: string | readonly string[];
  readonly compilerOptions?: CompilerOptions;
  readonly files?: readonly string[];
  readonly references?: readonly { readonly path: string }[];
}

/** What keeps a chain of `extends` that comes back to itself from being followed for ever. */
const deepest = 20;

/** The options that hold for a tsconfig.json. @throws Error when it, or what it extends, can't be read */
export function compilerOptionsOf(file: string, depth = 0): CompilerOptions {
  if (depth > deepest) throw new Error(`${file} extends itself`);
  const { extends: bases = [], compilerOptions } = readConfig(file);
  const inherited = [bases].flat().map((base) => compilerOptionsOf(extended(base, file), depth + 1));
  return Object.assign({}, ...inherited, compilerOptions) as CompilerOptions;
}

/** The file, or, of one that only names the projects of others, those. @throws Error when it can't be read */
export function projectsOf(file: string): readonly string[] {
  const { files, references = [] } = readConfig(file);
  if (files?.length !== 0 || references.length === 0) return [file];
  return references.map(({ path }) => {
    const place = resolve(dirname(file), path);
    return place.endsWith('.json') ? place : join(place, 'tsconfig.json');
  });
}

function readConfig(file: string): TsConfig {
  const config = parseJsonc(readFileSync(file, 'utf8'));
  if (typeof config !== 'object' || config === null) throw new Error(`${file} holds no object`);
  return config;
}

/** As the compiler looks for it: a path, or a file of a package. */
function extended(base: string, file: string): string {
  if (base.startsWith('.') || isAbsolute(base)) {
    const path = resolve(dirname(file), base);
    return path.endsWith('.json') || statSync(path, { throwIfNoEntry: false })?.isFile() ? path : `${path}.json`;
  }
  const { resolve: resolvePackage } = createRequire(file);
  for (const name of [base, `${base}.json`, `${base}/tsconfig.json`]) {
    try {
      const found = resolvePackage(name);
      if (found.endsWith('.json')) return found;
    } catch {
      // under the next name, then
    }
  }
  throw new Error(`${file} extends ${base}, which is not installed`);
}
