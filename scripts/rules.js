/**
 * Holds docs/guarantees.md and the tests against each other: each rule has a test whose title begins with its id, each id in a
 * title is a rule, and each link leads somewhere; in the row of a rule to a spec with a test of it.
 *
 * Rows of rules begin with a bold id, `| **G4** …`; those with a plain one need a test too, but no link.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const docs = 'docs/guarantees.md';
const text = readFileSync(join(root, docs), 'utf8');

/** The title of an `it` or `it.each`, that begins with ids: `('C1, C4: …', () =>`. */
const title =
  /(?<!\bdescribe(?:\.\w+)*)\(\s*(['"`])([A-Z]\d+(?:, ?[A-Z]\d+)*): (?:\\.|(?!\1).)*\1,\s*(?:async\b|function\b|\()/g;

/** @type {Map<string, Set<string>>} spec files by the id that a test of theirs begins with */
const specs = new Map();
for (const entry of readdirSync(join(root, 'spec'), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
  const path = join(entry.parentPath, entry.name);
  for (const [, , ids] of readFileSync(path, 'utf8').matchAll(title)) {
    for (const id of ids.split(/, ?/)) specs.set(id, (specs.get(id) ?? new Set()).add(relative(root, path)));
  }
}

const anchors = new Set(
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  ),
);

/** @type {string[]} */
const faults = [];
const known = new Set();
for (const line of text.split('\n')) {
  const [, bold, id] = /^\| (\*\*)?([A-Z]\d+)\b/.exec(line) ?? [];
  if (id && known.has(id)) faults.push(`${id} stands twice in ${docs}`);
  if (id) known.add(id);
  if (id && !specs.has(id)) faults.push(`${id} has no test: no title in spec/ begins with it`);
  let proofs = 0;
  for (const [, target] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
    const [path, anchor] = target.split('#');
    const file = relative(root, join(root, 'docs', path));
    if (/^https?:/.test(target)) continue;
    if (path === '' ? !anchors.has(anchor) : !existsSync(join(root, file))) faults.push(`${target} leads nowhere`);
    else if (bold && file.startsWith('spec/') && !specs.get(id)?.has(file)) faults.push(`${file} has no test of ${id}`);
    else if (file.startsWith('spec/')) proofs++;
  }
  if (bold && proofs === 0) faults.push(`${id} has no link to a spec that proves it`);
}
for (const [id, files] of specs) {
  if (!known.has(id)) faults.push(`${id} is no rule of ${docs}: ${[...files].join(', ')}`);
}

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`${known.size} rules, each with a test`);
