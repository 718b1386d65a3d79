/**
 * Makes the ACL line of docs/redis.md: a Redis user that may do what the engine does, and nothing else. The commands are those of the
 * Lua sources and those that src/engine/redis sends. `--check` fails when the result isn't what is there.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const sources = 'src/engine/redis';
const docs = 'docs/redis.md';

/** ioredis sends it for the `connectionName` that connection.ts gives. */
const named = 'client|setname';

/** Sent to clusters only: they would be one right too many elsewhere, and stand in a line of their own. */
const isOfClusters = (command) => command.startsWith('cluster|');

const filesIn = (folder, ending) =>
  readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith(ending))
    .map((file) => readFileSync(join(folder, file), 'utf8'));

/** `call('GET', …`, `callWithAll('DEL', …` and `call(atHead and 'RPUSH' or 'LPUSH', …`. */
const inLua = filesIn(`${sources}/lua`, '.lua').flatMap((lua) =>
  [...lua.replace(/^\s*--.*$/gm, '').matchAll(/\bcall(?:WithAll)?\(([^,)]*)/g)].flatMap(([, command]) =>
    [...command.matchAll(/'([A-Z]+)'/g)].map(([, word]) => word),
  ),
);

/** `send('PING', …`, `read(['XRANGE', …`, `command: 'EVALSHA'`, and with the word after it `call('CLIENT', ['ID']`. */
const inTypeScript = filesIn(sources, '.ts').flatMap((code) =>
  [
    ...code.matchAll(
      /(?:\b(?:call|send|block|read)\(\s*\[?\s*|\bcommand(?:: | = ))'([A-Z]+)'(?:,\s*\[\s*'([A-Z]+)')?/g,
    ),
  ].map(([, command, subcommand]) => (subcommand ? `${command}|${subcommand}` : command)),
);

const inOrder = (one, other) => (one < other ? -1 : 1);
const commands = [...new Set([...inLua, ...inTypeScript, named].map((command) => command.toLowerCase()))].sort(inOrder);

const granted = (some) => some.map((command) => (command.includes('|') ? `'+${command}'` : `+${command}`));

/** @param {readonly string[]} words broken so that none of the lines, but for the first, has more than 110 letters */
function wrapped(words) {
  const lines = [''];
  for (const word of words) {
    const line = `${lines.at(-1)} ${word}`;
    if (line.length <= 110) lines[lines.length - 1] = line;
    else lines.push(`  ${word}`);
  }
  return lines.join(' \\\n');
}

const block = [
  '```sh',
  `redis-cli ACL SETUSER stepstream reset on '>password' '~bull' '~bull:*' -@all \\\n ${wrapped(
    granted(commands.filter((command) => !isOfClusters(command))),
  )}`,
  '```',
].join('\n');
const ofClusters = granted(commands.filter(isOfClusters)).join(' ');

const before = readFileSync(docs, 'utf8');
const after = before
  .replace(/```sh\nredis-cli ACL SETUSER [^`]*```/, () => block)
  .replace(/`('\+cluster\|[^`]*)`/, () => `\`${ofClusters}\``);

if (!process.argv.includes('--check')) writeFileSync(docs, after);
else if (before !== after || !before.includes(block) || !before.includes(ofClusters)) {
  console.error(`the ACL line of ${docs} is not what the sources say: npm run acl`);
  process.exit(1);
}
