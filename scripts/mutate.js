/**
 * Switches the guard of a rule off in a copy of the sources, one at a time, and expects a red test of that rule.
 *
 *   npm run mutate               all of spec/mutations.js
 *   npm run mutate -- G4 S7      those of some rules
 *   npm run mutate -- --check    only whether each still applies, and each rule of docs/guarantees.md has one
 *
 * A mutant is killed by a test that is green without it and whose title begins with the rule's id, or by a loop: it gets a
 * minute, and 1 GB.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutations } from '../spec/mutations.js';

/** @typedef {import('../spec/mutations.js').Mutation} Mutation */
/** @typedef {{ readonly verdict: 'killed' | 'SURVIVED' | 'BROKEN', readonly by: string }} Verdict */

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const slots = 2;
const longestRun = 60_000;

const rules = [...readFileSync(join(root, 'docs/guarantees.md'), 'utf8').matchAll(/^\| \*\*([A-Z]\d+)\*\*/gm)].map(
  ([, id]) => id,
);

/** @param {Mutation} mutation @returns {readonly string[]} */
function faultsOf({ rule, file, find, replace, specs }) {
  const path = join(root, file);
  const times = existsSync(path) ? readFileSync(path, 'utf8').split(find).length - 1 : 0;
  return [
    ...(times === 1 ? [] : [`${rule}: found ${times} times in ${file}, not once: ${firstLine(find)}`]),
    ...(find === replace ? [`${rule}: changes nothing in ${file}: ${firstLine(find)}`] : []),
    ...(rules.includes(rule) ? [] : [`${rule} is no rule of docs/guarantees.md`]),
    ...specs.filter((spec) => !existsSync(join(root, spec))).map((spec) => `${rule}: there is no ${spec}`),
  ];
}

/** @param {string} text */
const firstLine = (text) => text.trim().split('\n')[0];

const args = process.argv.slice(2);
const chosen = mutations.filter(({ rule }) => args.length === 0 || args.includes(rule) || args.includes('--check'));
const faults = [
  ...chosen.flatMap(faultsOf),
  ...rules.filter((id) => !mutations.some(({ rule }) => rule === id)).map((id) => `${id} has no mutation`),
];
for (const fault of faults) console.error(fault);
if (chosen.length === 0) console.error(`there is no mutation of ${args.join(', ')}`);
if (faults.length > 0 || chosen.length === 0) process.exit(1);
if (args.includes('--check')) {
  console.log(`${mutations.length} mutations of ${rules.length} rules apply`);
  process.exit();
}

// --- copies ---

const temp = mkdtempSync(join(tmpdir(), 'mutants-'));
/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', () => {
  for (const child of running) end(child);
  rmSync(temp, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** @param {number} slot */
function copyTo(slot) {
  const copy = join(temp, String(slot));
  const left = new Set(['node_modules', '.git', 'dist']);
  cpSync(root, copy, { recursive: true, filter: (source) => !left.has(relative(root, source)) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

// --- runs ---

/** @param {import('node:child_process').ChildProcess} child */
function end(child) {
  try {
    process.kill(-child.pid, 'SIGKILL'); // its group
  } catch {} // it has ended
}

/**
 * Runs the tests of a rule, or all, and answers how each ended by its name; `undefined` when they did not come to
 * an end: they took too long, or too much memory.
 *
 * @param {string} copy @param {readonly string[]} specs @param {string} [rule]
 * @returns {Promise<Map<string, { readonly title: string, readonly status: string }> | undefined>}
 */
function run(copy, specs, rule) {
  const report = join(temp, `${basename(copy)}.json`);
  rmSync(report, { force: true });
  const jest = ['node_modules/jest/bin/jest.js', '--runInBand', '--forceExit', '--silent', '--json'];
  const options = [`--outputFile=${report}`, ...(rule ? ['-t', `\\b${rule}\\b`] : []), ...specs];
  const child = spawn(process.execPath, ['--max-old-space-size=1024', ...jest, ...options], {
    cwd: copy,
    stdio: 'ignore',
    detached: true,
  });
  running.add(child);
  const timer = setTimeout(() => end(child), rule ? longestRun : 10 * longestRun);
  return new Promise((resolve) => {
    child.on('close', (_code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      const ended = existsSync(report) ? testsOf(JSON.parse(readFileSync(report, 'utf8'))) : new Map();
      resolve(ended.size === 0 && signal ? undefined : ended); // by us, or out of memory
    });
  });
}

function testsOf({ testResults }) {
  const tests = new Map();
  for (const { assertionResults } of testResults) {
    for (const { fullName, title, status } of assertionResults) tests.set(fullName, { title, status });
  }
  return tests;
}

/** @param {string} title @param {string} rule */
const isOf = (title, rule) => title.split(':')[0].split(/, ?/).includes(rule);

/** @param {string} copy @param {Mutation} mutation @param {ReadonlySet<string>} green @returns {Promise<Verdict>} */
async function tryOut(copy, { rule, file, find, replace, specs }, green) {
  const path = join(copy, file);
  const original = readFileSync(path, 'utf8');
  writeFileSync(path, original.split(find).join(replace));
  const tests = await run(copy, specs, rule);
  writeFileSync(path, original);
  if (!tests) return { verdict: 'killed', by: 'a loop' };
  const ran = [...tests].filter(
    ([name, { title, status }]) => green.has(name) && isOf(title, rule) && status !== 'pending',
  );
  const red = ran.find(([, { status }]) => status === 'failed');
  if (red) return { verdict: 'killed', by: red[1].title };
  return ran.length > 0
    ? { verdict: 'SURVIVED', by: `${ran.length} green tests` }
    : { verdict: 'BROKEN', by: 'no test of the rule ran: does the mutant compile?' };
}

const copies = Array.from({ length: slots }, (_, slot) => copyTo(slot));
const specs = [...new Set(chosen.flatMap((mutation) => mutation.specs))];
const before = (await run(copies[0], specs)) ?? new Map();
const green = new Set([...before].filter(([, { status }]) => status === 'passed').map(([name]) => name));
console.log(`${green.size} of ${before.size} tests are green without a mutation\n`);

const queue = [...chosen];
let bad = 0;
await Promise.all(
  copies.map(async (copy) => {
    for (let mutation = queue.shift(); mutation; mutation = queue.shift()) {
      const { verdict, by } = await tryOut(copy, mutation, green);
      if (verdict !== 'killed') bad++;
      const where = `${mutation.file}: ${firstLine(mutation.find)}`;
      console.log(`${mutation.rule.padEnd(4)} ${verdict.padEnd(9)} ${where}\n${' '.repeat(15)}by ${by}`);
    }
  }),
);
console.log(`\n${chosen.length - bad} of ${chosen.length} mutants killed`);
process.exitCode = bad > 0 ? 1 : 0;
