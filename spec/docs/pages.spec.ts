/** What holds of every page that is published: its links lead somewhere, and the code that it shows is code that is compiled and run. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Tracked, or about to be. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => existsSync(file) && statSync(file).isFile());
const read = (file: string): string => readFileSync(file, 'utf8');

/** Those of others, kept as they are. */
const pages = files.filter((file) => /\.md$|^llms\.txt$/.test(file) && !file.startsWith('spec/seed/'));

/** Jest runs the specs, specs run the samples, and the compiler reads all of it. */
const sources = files
  .filter((file) => /^(spec|samples)\/.*\.(ts|js|mjs|tsx)$/.test(file))
  .map((file) => ({ file, code: bare(read(file)) }));

describe('a page', () => {
  it.each(pages)('has links that lead somewhere: %s', (page) => {
    expect(linksOf(read(page)).filter((target) => !leadsSomewhere(page, target))).toEqual([]);
  });

  it.each(pages.filter((page) => codeOf(page).length > 0))(
    'shows code that stands in a spec or a sample: %s',
    (page) => {
      expect(codeOf(page).filter((code) => !isShown(code))).toEqual([]);
    },
  );
});

describe('the index of the docs', () => {
  const index = read('docs/README.md');
  const linked = new Set(linksOf(index).map((target) => normalize(join('docs', target.split('#')[0]!))));

  it('leads to every page of docs', () => {
    const all = pages.filter((page) => /^docs\/(guides\/)?[^/]+\.md$/.test(page) && page !== 'docs/README.md');
    expect(all.filter((page) => !linked.has(page))).toEqual([]);
  });

  it('leads to every sample', () => {
    expect(samples.filter((sample) => !linked.has(`samples/${sample}`))).toEqual([]);
  });

  it('names all that can be imported', () => {
    const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, unknown> };
    const entries = Object.keys(exports).map((entry) => entry.replace('.', 'stepstream'));
    expect(entries.filter((entry) => !entry.endsWith('.json') && !index.includes(`\`${entry}\``))).toEqual([]);
  });
});

const samples = readdirSync('samples', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('a sample', () => {
  const specs = sources.filter(({ file }) => file.startsWith('spec/samples/'));

  it.each(samples)('is run by a spec: %s', (sample) => {
    expect(specs.filter(({ code }) => code.includes(`samples/${sample}`))).not.toEqual([]);
  });

  it.each(samples.filter((sample) => sample !== 'quickstart'))('tells what appears in its README: %s', (sample) => {
    expect(read(`samples/${sample}/README.md`)).toMatch(/^```/m); // the quickstart is the README's own
  });
});

// --- links ---

/** Targets of links, those in code aside. */
function linksOf(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '`');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

function leadsSomewhere(page: string, target: string): boolean {
  if (target.startsWith('https://')) return true; // the world can't be asked here
  const [path, anchor] = target.split('#') as [string, string?];
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(file)) return false;
  return anchor === undefined || anchorsOf(read(file)).has(anchor);
}

/** As they are made of headings where Markdown is shown. */
function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const headings = text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} (.*)$/gm);
  const anchors = [...headings].map(([, heading]) => {
    const words = heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N}\- _]/gu, '').replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
  return new Set(anchors);
}

// --- code ---

function codeOf(page: string): readonly string[] {
  return [...read(page).matchAll(/^```(?:ts|js|typescript|javascript)\b.*\n([\s\S]*?)^```$/gm)].map(
    ([, code]) => code!,
  );
}

/** In one file, in this order; a line of `…` stands for what is left out. */
function isShown(code: string): boolean {
  const parts = code.split(/^\s*(?:\/\/ )?…$/m).map(bare);
  return sources.some(({ code: source }) => {
    let from = 0;
    return parts.every((part) => {
      const at = source.indexOf(part, from);
      from = at + part.length;
      return at >= 0;
    });
  });
}

/** Without indentation and comments. */
function bare(code: string): string {
  const lines = code.split('\n').map((line) =>
    line
      .replace(/(^|\s)\/\/ .*$/, '')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
  return lines.filter((line) => line !== '').join('\n');
}
