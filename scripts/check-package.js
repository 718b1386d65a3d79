/**
 * What would be published, as it is found by who installs it: packed once, held against what it must hold, then installed into
 * each project of spec/packages, which is compiled, started, and has to print what its printed.txt says, and nothing else.
 *
 * `npm run build` comes before it. `node scripts/check-package.js [project …]`: without a project, all of them.
 */
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const projects = join(root, 'spec/packages');

/** npm and tsc use a core each. */
const atOnce = 2;

/** Bytes of the packed file. More than that holds what nobody asked for. */
const largest = 1_500_000;

const temp = mkdtempSync(join(tmpdir(), 'packages-'));
process.on('exit', () => rmSync(temp, { recursive: true, force: true }));

/** @type {string[]} */
const faults = [];
const named = process.argv.slice(2);
const waiting = named.length > 0 ? named : ['publint', 'attw', ...projectsToTry()];

const tarball = await pack();
const installed = await install();
await Promise.all(Array.from({ length: atOnce }, work));

for (const fault of faults) console.error(`\n${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;

function projectsToTry() {
  return readdirSync(projects).filter((project) => existsSync(join(projects, project, 'package.json')));
}

async function work() {
  for (let name = waiting.shift(); name; name = waiting.shift()) {
    const start = Date.now();
    const fault = await check(name).catch((error) => [error.message, error.stdout, error.stderr].join('\n'));
    if (fault) faults.push(`${name}: ${fault}`);
    console.log(
      `${name.padEnd(12)} ${fault ? 'FAILED' : 'ok'} ${((Date.now() - start) / 1_000).toFixed(1).padStart(6)} s`,
    );
  }
}

/** Answers what is wrong, if something is. @param {string} name @returns {Promise<string | undefined>} */
async function check(name) {
  if (name !== 'publint' && name !== 'attw') return await tryOut(name);
  const args = name === 'publint' ? ['run', tarball, '--strict'] : [tarball, '--profile', 'node16'];
  await exec(name, args, root);
  return undefined;
}

// --- what is in it ---

async function pack() {
  const args = ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', temp];
  const listed = JSON.parse(await exec('npm', args, root));
  const [{ filename, files, size }] = Object.values(listed); // a list in npm 10, by name in npm 11
  const paths = new Set(files.map(({ path }) => path));
  const needed = ['README.md', 'LICENSE', 'CHANGELOG.md', ...[...paths].filter(isMap).flatMap(sourcesOf)];
  const missing = [...new Set(needed)].filter((path) => !paths.has(path));
  const foreign = [...paths].filter((path) => /^(spec|samples|bench)\/|\.(spec|tgz|env)\b/.test(path));
  faults.push(...missing.map((path) => `the package lacks ${path}`));
  faults.push(...foreign.map((path) => `the package has ${path}, which is of no use to who installs it`));
  if (size > largest) faults.push(`the package has ${size} bytes, more than ${largest}: what is in it?`);
  console.log(`${files.length} files, ${Math.round(size / 1_000)} kB packed`);
  return join(temp, filename);
}

/** @param {string} path */
function isMap(path) {
  return path.startsWith('dist/') && path.endsWith('.map');
}

/** A debugger and "go to definition" lead there. @param {string} map */
function sourcesOf(map) {
  const { sources } = JSON.parse(readFileSync(join(root, map), 'utf8'));
  return sources.map((source) => normalize(join(dirname(map), source)));
}

// --- what it does ---

/**
 * Installs the package beside the one that it can't do without, in an empty folder; answers that. Each project begins with a copy of
 * it: npm takes longer than all that the project does.
 */
async function install() {
  const cwd = join(temp, 'first');
  mkdirSync(cwd);
  copyFileSync(tarball, join(cwd, 'stepstream.tgz'));
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ dependencies: { rxjs: versionIn(root, 'rxjs') } }));
  await npmInstall(cwd);
  return cwd;
}

/** @param {string} cwd */
async function npmInstall(cwd) {
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--silent'];
  await exec('npm', ['install', './stepstream.tgz', ...quiet], cwd);
}

/** @param {string} project @returns {Promise<string | undefined>} */
async function tryOut(project) {
  const cwd = join(temp, project);
  const expected = readFileSync(join(projects, project, 'printed.txt'), 'utf8');
  await cp(installed, cwd, { recursive: true, verbatimSymlinks: true });
  await cp(join(projects, project), cwd, { recursive: true });
  const { dependencies, devDependencies, scripts } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
  linkTools(cwd, devDependencies ?? {});
  const wanted = Object.entries({ ...dependencies, ...devDependencies });
  if (wanted.some(([name, version]) => versionIn(cwd, name) !== version)) await npmInstall(cwd);
  await exec('sh', ['-c', scripts.build ?? 'true'], cwd);
  const printed = await exec('sh', ['-c', scripts.start], cwd);
  return printed === expected ? undefined : `printed\n${printed}\ninstead of\n${expected}`;
}

/** Types and programs that we have too. @param {string} cwd @param {Readonly<Record<string, string>>} tools */
function linkTools(cwd, tools) {
  for (const [name, version] of Object.entries(tools)) {
    if (versionIn(root, name) !== version) continue;
    const link = join(cwd, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
}

/** @param {string} folder @param {string} name @returns {string | undefined} */
function versionIn(folder, name) {
  const file = join(folder, 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
}

/**
 * Runs a program of the project's packages, or of ours if it hasn't it; answers all that is printed, errors last.
 *
 * @param {string} program @param {readonly string[]} args @param {string} cwd
 */
async function exec(program, args, cwd) {
  const path = [cwd, root].map((folder) => join(folder, 'node_modules/.bin'));
  const env = { ...process.env, NO_COLOR: '1', PATH: [...path, process.env.PATH].join(delimiter) };
  const options = { cwd, env, maxBuffer: 16_000_000, timeout: 120_000 };
  const { stdout, stderr } = await promisify(execFile)(program, args, options);
  return stdout + stderr;
}
