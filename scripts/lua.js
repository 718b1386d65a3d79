/**
 * Makes src/engine/redis/scripts.ts of the Lua sources beside it: one script per file of src/engine/redis/lua, of the parts
 * that its `--- @include` lines name, comments left out. `--check` fails when the result isn't what is there.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const sources = 'src/engine/redis/lua';
const target = 'src/engine/redis/scripts.ts';

const camelCase = (name) => name.replace(/[-/](.)/g, (_, letter) => letter.toUpperCase());

/** Only whole lines of comment are taken out; the shebang stays. */
function stripped(lua) {
  return lua
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('--'))
    .join('\n');
}

/** What stands before the includes, the parts that they name, and what comes after. */
function segmentsOf(file) {
  const lua = readFileSync(`${sources}/${file}.lua`, 'utf8');
  return lua
    .split(/^--- @include "(.*)"\n/m)
    .map((part, index) => (index % 2 === 1 ? { include: part } : { lua: stripped(part) }))
    .filter((segment) => segment.lua !== '');
}

const filesIn = (folder) =>
  readdirSync(`${sources}/${folder}`)
    .filter((file) => file.endsWith('.lua'))
    .map((file) => file.slice(0, -'.lua'.length));

const parts = ['shared', 'writes'].flatMap((folder) => filesIn(folder).map((file) => `${folder}/${file}`));

function text(lua) {
  if (/`|\$\{/.test(lua)) throw new Error('Lua code must not hold a backtick or ${');
  return `String.raw\`${lua}\``;
}

const generated = `// Made by scripts/lua.js of the sources in lua/: change those, then \`npm run lua\`.
import { script } from './script.js';

${parts
  .map(
    (part) =>
      `const ${camelCase(part)} = ${text(
        segmentsOf(part)
          .map(({ lua }) => lua)
          .join('\n'),
      )};`,
  )
  .join('\n\n')}

export const scripts = {
${filesIn('.')
  .map((file) => {
    const segments = segmentsOf(file).map(({ include, lua }) => (include ? camelCase(include) : text(lua)));
    return `  ${camelCase(file)}: script('${file}', ${segments.join(', ')}),`;
  })
  .join('\n')}
};
`;

if (!process.argv.includes('--check')) writeFileSync(target, generated);
else if (readFileSync(target, 'utf8') !== generated) {
  console.error(`${target} is not what its sources say: npm run lua`);
  process.exit(1);
}
