/**
 * What would be published, as it is found by who installs it: packed once, held against what it must hold, then installed into
 * each project of spec/packages, which is compiled, started, and has to print what its printed.txt says, and nothing else.
 *
 * `npm run build` comes before it. `node scripts/check-package.js [project …]`: without a project, all of them.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const projects = join(root, 'spec/packages');

/** npm and tsc use a core each. */
const atOnce = 2;

/** Bytes of the packed file. More than that holds what nobody asked for. */
const largest = 1_000_000;

const temp = mkdtempSync(join(tmpdir(), 'packages-'));
process.on('exit', () => rmSync(temp, { recursive: true, force: true }));

/** @type {string[]} */
const faults = [];
const named = process.argv.slice(2);
const waiting = named.length > 0 ? named : ['publint', 'attw', ...projectsToTry()];

const tarball = await pack();
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

/** @param {string} project @returns {Promise<string | undefined>} */
async function tryOut(project) {
  const cwd = join(temp, project);
  const expected = readFileSync(join(projects, project, 'printed.txt'), 'utf8');
  cpSync(join(projects, project), cwd, { recursive: true });
  copyFileSync(tarball, join(cwd, 'stepstream.tgz'));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--silent'];
  await exec('npm', ['install', './stepstream.tgz', ...quiet], cwd);
  const { build = 'true', start } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')).scripts;
  await exec('sh', ['-c', build], cwd);
  const printed = await exec('sh', ['-c', start], cwd);
  return printed === expected ? undefined : `printed\n${printed}\ninstead of\n${expected}`;
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
