import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const readme = readFileSync('README.md', 'utf8');
const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language, text }));

describe('README', () => {
  const source = readFileSync('samples/quickstart/main.ts', 'utf8');

  it('shows the quickstart as it stands in samples/quickstart, in at most 30 lines', () => {
    expect(blocks.find(({ language }) => language === 'ts')?.text).toBe(source);
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  });

  it('shows exactly what the quickstart prints', () => {
    const args = ['--import', '@oxc-node/core/register', 'samples/quickstart/main.ts'];
    const printed = execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
    expect(printed).toBe(blocks.find(({ language }) => language === 'text')?.text);
  });
});
