import { readFile } from 'node:fs/promises';
import type { Profiler } from 'node:inspector';

/**
 * Where a profile's time was spent, idle time left out: by package, and the functions with the most time of their own;
 * then what Redis did.
 */
export async function profileDigest(file: string): Promise<string> {
  const { nodes, samples = [], timeDeltas = [] } = JSON.parse(await readFile(file, 'utf8')) as Profiler.Profile;
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const owners = new Map<string, number>();
  const functions = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const frame = byId.get(id)!;
    if (frame.functionName === '(idle)') continue;
    const spent = timeDeltas[index]!;
    busy += spent;
    const owner = ownerOf(frame);
    const name = `${frame.functionName || '(anonymous)'} ${owner}${frame.url ? `:${frame.lineNumber + 1}` : ''}`;
    owners.set(owner.split('/')[0]!, (owners.get(owner.split('/')[0]!) ?? 0) + spent);
    functions.set(name, (functions.get(name) ?? 0) + spent);
  }
  const top = (of: ReadonlyMap<string, number>, count: number): readonly string[] =>
    [...of]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([name, spent]) => `${((spent / busy) * 100).toFixed(1).padStart(5)} %  ${name}`);
  const redis = await readFile(`${file}.redis`, 'utf8');
  return [`${(busy / 1_000).toFixed(0)} ms busy`, ...top(owners, 10), '', ...top(functions, 30), '', redis].join('\n');
}

/** A package with a path in it, `node`, or V8's own name for what is no script. */
function ownerOf({ url, functionName }: { readonly url: string; readonly functionName: string }): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:')) return url.replace('node:', 'node/');
  const path = url.split('/node_modules/').at(-1)!;
  return path === url
    ? url.replace(/^.*\/dist\/(esm\/src|bench)\//, (_, part) => `${part === 'bench' ? part : 'stepstream'}/`)
    : path;
}
