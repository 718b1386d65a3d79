import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** A place where rxjs' own `delay` stands in a file that has to do with steps. */
export interface RxjsDelay {
  /** From the folder of the project. */
  readonly file: string;
  /** The first line is 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** What a look over a project found, or why there was none. */
export type RxjsDelays =
  | { readonly looked: true; readonly files: number; readonly found: readonly RxjsDelay[] }
  | { readonly looked: false; readonly reason: string };

/**
 * Looks over a project for rxjs' own `delay`, by the oxlint that the project has installed, with this package's preset alone:
 * what the project's own configuration says plays no part. Files that git ignores are left out, `node_modules` too.
 *
 * @param folder of the project: where its package.json is
 * @returns never rejects: without oxlint, or with one that can't run, it says so
 * @example
 * ```ts
 * const delays = await findRxjsDelays(process.cwd());
 * if (!delays.looked) console.warn(delays.reason);
 * else for (const { file, line, message } of delays.found) console.error(`${file}:${line}: ${message}`);
 * ```
 */
export async function findRxjsDelays(folder: string): Promise<RxjsDelays> {
  const oxlint = installed('oxlint/bin/oxlint', resolve(folder));
  if (!oxlint)
    return { looked: false, reason: 'oxlint is not installed in this project: npm install --save-dev oxlint' };
  const preset = installed('stepstream/oxlint.json', resolve(folder));
  if (!preset) return { looked: false, reason: 'stepstream is not installed in this project' };
  const args = [
    oxlint,
    '--config',
    preset,
    '--allow',
    'all',
    '--ignore-pattern',
    '**/node_modules/**',
    '--format',
    'json',
  ];
  const { stdout, stderr } = await output(process.execPath, args, folder);
  try {
    return reportOf(JSON.parse(stdout) as OxlintOutput);
  } catch {
    return { looked: false, reason: `oxlint could not run: ${(stderr || stdout).trim()}` };
  }
}

/** Of what oxlint prints as JSON, what is needed. */
interface OxlintOutput {
  readonly number_of_files: number;
  readonly diagnostics: readonly {
    readonly code?: string;
    readonly filename: string;
    readonly message: string;
    readonly labels: readonly { readonly span: { readonly line: number; readonly column: number } }[];
  }[];
}

function reportOf({ number_of_files: files, diagnostics }: OxlintOutput): RxjsDelays {
  const found = diagnostics
    .filter(({ code }) => code === 'stepstream(no-rxjs-delay)') // a file that can't be parsed is reported, too
    .map(({ filename, message, labels: [label] }) => ({
      file: filename,
      message,
      line: label!.span.line,
      column: label!.span.column,
    }));
  return { looked: true, files, found };
}

/** Where a file of an installed package is, for a project in this folder or in one of a workspace above it. */
function installed(file: string, folder: string): string | undefined {
  const path = join(folder, 'node_modules', file);
  if (existsSync(path)) return path;
  const above = dirname(folder);
  return above === folder ? undefined : installed(file, above);
}

/** Whatever the program exits with: oxlint's 1 says that it found something. */
function output(program: string, args: readonly string[], cwd: string): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolved) => {
    execFile(program, args, { cwd, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) =>
      resolved({ stdout, stderr }),
    );
  });
}
