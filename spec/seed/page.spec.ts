import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { page, programs } from './page.js';

jest.setTimeout(60_000);

describe("BullMQ's page", () => {
  it('is what BullMQ has published, to the letter', () => {
    const hash = createHash('sha256').update(page).digest('hex');
    expect(hash).toBe('1ea51978d41f86c3294f5e2d30033d520f88e17364080248704d1b5a25d6767b');
  });

  it.each(Object.entries(programs))('has the program %s as it is run, but for the import', (_, program) => {
    expect(page).toContain(`\n${program.replace("from 'stepstream'", "from 'bullmq'")}\`\`\`\n`);
  });

  it('has programs that compile against our classes, with `strict` and nothing added to their text', async () => {
    const misspelt = programs.delaying.replaceAll('job.updateData', 'job.updateDate');
    expect(await faultsOf({ ...programs, misspelt })).toEqual([
      expect.stringMatching(/^misspelt\.ts.*: Property 'updateDate' does not exist on type 'Job</),
      expect.stringMatching(/^misspelt\.ts/),
    ]);
  });
});

/** What the page leaves out. */
const surroundings = `
declare const connection: string;
declare const childrenQueue: import('stepstream').Queue;
declare const name: string;
declare function doInitialStepStuff(): Promise<void>;
declare function doSecondStepStuff(): Promise<void>;
declare type Job = import('stepstream').Job;
declare const Worker: typeof import('stepstream').Worker;
`;

/** What the compiler finds wrong in the programs. */
async function faultsOf(texts: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const root = resolve(__dirname, '../..');
  const folder = await mkdtemp(join(tmpdir(), 'seed-'));
  const files = Object.entries(texts).map(([name, text]) => [`${name}.ts`, text] as const);
  const compilerOptions = {
    typeRoots: [join(root, 'node_modules/@types')],
    moduleDetection: 'force', // the first program imports nothing
    // more than \`strict\`: the page declares a worker and leaves it at that, and its functions may end without a result
    noUnusedLocals: false,
    noImplicitReturns: false,
  };
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.ts'] };
  await Promise.all([
    ...files.map(([name, text]) => writeFile(join(folder, name), text)),
    writeFile(join(folder, 'surroundings.d.ts'), surroundings),
    writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config)),
  ]);
  const printed = await new Promise<string>((done) => {
    execFile(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: folder }, (_, stdout) => done(stdout));
  });
  await rm(folder, { recursive: true });
  return printed.split('\n').filter((line) => files.some(([name]) => line.startsWith(name)));
}
