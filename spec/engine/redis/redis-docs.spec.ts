import { readdirSync, readFileSync } from 'node:fs';

const lua = readdirSync('src/engine/redis/lua', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.lua'))
  .map((file) => readFileSync(`src/engine/redis/lua/${file}`, 'utf8').replaceAll(/^\s*--.*$/gm, ''))
  .join('\n');
const docs = readFileSync('docs/redis.md', 'utf8');

function found(text: string, pattern: RegExp): readonly string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, name]) => name!))].toSorted();
}

describe('docs/redis.md', () => {
  it("names the fields that scripts write beside BullMQ's", () => {
    const listed = /^\| field \|[^]*?\n\n/m.exec(docs)![0];
    const documented = found(listed, /`(s\w(?::\*)?)`/g);
    expect(documented.map((name) => name.replace('*', ''))).toEqual(found(lua, /'(s[a-z]:?)'/g));
  });

  it("tells of Redis' error words in a row for each of the three cures", () => {
    const source = readFileSync('src/engine/redis/refusals.ts', 'utf8');
    const rows = new Map<string, Set<string>>();
    for (const [, word, cure] of source.matchAll(/\['([A-Z]+)',\s*\['(\w+)'/g)) {
      if (['CONNECTION', 'TIMEOUT', 'MAXCLIENTS', 'DENIED'].includes(word!)) continue; // are told in words of ours
      const row =
        docs.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${word}\``)) ?? `no row of ${word}`;
      rows.set(cure!, (rows.get(cure!) ?? new Set()).add(row));
    }
    expect(Array.from(rows.values(), (ofCure) => ofCure.size)).toEqual([1, 1, 1]);
    expect(new Set(Array.from(rows.values(), (ofCure) => [...ofCure][0])).size).toBe(3);
  });

  it('names the keys that hold what a call has done', () => {
    expect(found(docs, /`bull(::\w+:)\*`/g)).toEqual(found(lua, /'(::\w+:)'/g));
  });
});
