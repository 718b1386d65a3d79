import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(__dirname, '../..');

/** A project in a folder of its own, that has this package installed, and oxlint. */
export interface Project {
  readonly folder: string;
  write(file: string, text: string): Promise<void>;
  delete(file: string): Promise<void>;
  remove(): Promise<void>;
}

/** Of this package there is what a linter loads: the manifest, the preset, and the plugin in the place where it is built. */
export async function projectWith(files: Readonly<Record<string, string>>, { oxlint = true } = {}): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'linted-project-'));
  const project: Project = {
    folder,
    async write(file, text) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    },
    delete: (file) => rm(join(folder, file)),
    remove: () => rm(folder, { recursive: true }),
  };
  await project.write('package.json', '{}');
  for (const [file, text] of Object.entries(files)) await project.write(file, text);

  const installed = join(folder, 'node_modules/stepstream');
  const plugin = (await readdir(join(root, 'src/lint'))).map((file) => join(root, 'src/lint', file));
  await build({ entryPoints: plugin, outdir: join(installed, 'dist/esm/src/lint'), format: 'esm', logLevel: 'error' });
  for (const file of ['package.json', 'oxlint.json']) await copyFile(join(root, file), join(installed, file));
  if (oxlint) await symlink(join(root, 'node_modules/oxlint'), join(folder, 'node_modules/oxlint'));
  return project;
}

/** Runs oxlint in a folder. */
export function oxlintIn(folder: string, ...args: readonly string[]): Promise<{ stdout: string; code: unknown }> {
  const program = join(root, 'node_modules/oxlint/bin/oxlint');
  return new Promise((ended) => {
    execFile(process.execPath, [program, ...args], { cwd: folder }, (error, stdout, stderr) =>
      ended({ stdout: stdout + stderr, code: error?.code ?? 0 }),
    );
  });
}
