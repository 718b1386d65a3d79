import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

jest.setTimeout(60_000);

const folder = 'samples/two-machines';

/** Times and keys differ from run to run; that the keys are the same on both machines stays to be seen. */
function normalised(printed: string): string {
  const keys = [...new Set(printed.match(/(?<=with key )\S+/g))];
  return printed
    .replaceAll(/^ *\d+\.\d\d s/gm, '0.00 s')
    .replaceAll(/(?<=with key )\S+/g, (key) => `${keys.indexOf(key) + 1}`);
}

describe('the sample of two machines', () => {
  it('W3: one is killed in the middle of a step, and the other finishes the job, as its README shows', async () => {
    const { NODE_OPTIONS: _, REDIS_URL: __, ...env } = process.env;
    const args = ['--import', '@oxc-node/core/register', `${folder}/main.ts`];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
    const [, shown] = /^```text\n([\s\S]*?)^```$/m.exec(readFileSync(`${folder}/README.md`, 'utf8'))!;
    expect(stderr).toBe('');
    expect(normalised(stdout)).toBe(normalised(shown!));
  });
});
