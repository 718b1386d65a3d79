import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

jest.setTimeout(60_000);

const folder = 'samples/nestjs-orders';

/** What each of them printed, in order. */
function byWho(printed: string): Readonly<Record<string, readonly string[]>> {
  const lines = printed.trimEnd().split('\n');
  const of = (who: string): readonly string[] =>
    lines.filter((line) => line.startsWith(who)).map((line) => line.slice(10));
  return { shop: of('shop'), first: of('server 1'), second: of('server 2') };
}

describe('the sample of orders in NestJS', () => {
  it('W4: SIGTERM in the middle loses nothing and does nothing twice, and the database closes when the work has ended, as its README shows', async () => {
    const { NODE_OPTIONS: _, REDIS_URL: __, ...env } = process.env;
    const args = ['--import', '@oxc-node/core/register', `${folder}/main.ts`];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
    const [, text] = /^```text\n([\s\S]*?)^```$/m.exec(readFileSync(`${folder}/README.md`, 'utf8'))!;
    const [printed, shown] = [byWho(stdout), byWho(text!)];
    expect(stderr).toBe('');
    expect(printed['shop']).toEqual(shown['shop']);
    for (const server of ['first', 'second'] as const) {
      const lines = printed[server]!;
      expect([lines.at(0), lines.at(-1)]).toEqual(['listens, and works', 'the database is closed']);
      expect(lines.some((line) => line.endsWith('charged'))).toBe(true);
    }
    // which of the servers did it is a matter of time; that it was done, and once, is not
    expect([...printed['first']!, ...printed['second']!].sort()).toEqual(
      [...shown['first']!, ...shown['second']!].sort(),
    );
  });
});
