import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Check } from '../../src/cli/doctor/check.js';
import { projectWith } from '../support/linted-project.js';
import { cli } from './run-cli.js';

jest.setTimeout(30_000);

const folders: string[] = [];

afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** A project of these files; what is no text becomes JSON. */
function project(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'stepstream-doctor-'));
  folders.push(folder);
  const all = {
    'package.json': {},
    ...packageAt('node_modules/stepstream', '0.1.0'),
    ...packageAt('node_modules/rxjs', '7.8.2'),
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

function packageAt(path: string, version: string): Readonly<Record<string, unknown>> {
  return { [`${path}/package.json`]: { version } };
}

interface Diagnosis {
  readonly code: number;
  readonly problems: number;
  readonly warnings: number;
  readonly checks: readonly Check[];
}

async function diagnosis(folder: string, ...more: readonly string[]): Promise<Diagnosis> {
  const { code, out } = await cli(['doctor', '--json', ...more], { folder });
  return { code, ...JSON.parse(out) };
}

/** What is to be mended, by id. */
async function findings(files: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, string>>> {
  const { checks } = await diagnosis(project(files));
  const found = checks.filter(({ level }) => level === 'problem' || level === 'warning');
  expect(found.filter(({ why, fix }) => !why || !fix)).toEqual([]);
  return Object.fromEntries(found.map(({ id, level, found: text }) => [id, `${level}: ${text}`]));
}

const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true };

describe('stepstream doctor of a project', () => {
  it('has nothing to complain of where all is well, and says what it could not look at', async () => {
    const { code, problems, warnings, checks } = await diagnosis(
      project({ 'tsconfig.json': { compilerOptions: decorators } }),
    );
    expect({ code, problems, warnings }).toEqual({ code: 0, problems: 0, warnings: 0 });
    expect(checks.filter(({ level }) => level === 'skipped').map(({ id, found }) => [id, found])).toEqual([
      ['redis', expect.stringContaining('no Redis was named by --redis or REDIS_URL')],
      ['rxjs-delay', expect.stringContaining('oxlint is not installed in this project')],
    ]);
  });

  it('says what each finding is, why it matters and what mends it; a problem makes the exit code 1', async () => {
    const { code, out } = await cli(['doctor'], {
      folder: project({ 'tsconfig.json': { compilerOptions: { emitDecoratorMetadata: true } } }),
    });
    expect(code).toBe(1);
    expect(out).toContain(
      '  ✗ tsconfig.json: experimentalDecorators is not on\n' +
        '      why: without it decorators are the standard ones, which Stepstream, tsyringe and NestJS do not know: createApp refuses the class\n' +
        '      fix: "experimentalDecorators": true in its compilerOptions\n' +
        '  ✓ tsconfig.json: emitDecoratorMetadata is on\n',
    );
    expect(out.trimEnd().split('\n').at(-1)).toBe('1 problem');
  });

  it('a warning makes the exit code 1 when it is strict', async () => {
    const folder = project({ 'tsconfig.json': { compilerOptions: { experimentalDecorators: true } } });
    await expect(diagnosis(folder)).resolves.toMatchObject({ code: 0, problems: 0, warnings: 1 });
    await expect(diagnosis(folder, '--strict')).resolves.toMatchObject({ code: 1 });
  });

  it('looks for the project where it is told to', async () => {
    const folder = project({});
    const started = dirname(folder);
    await expect(cli(['doctor'], { folder: started })).resolves.toMatchObject({
      out: expect.stringContaining('there is no package.json in'),
    });
    const { out } = await cli(['doctor', '--project', folder.slice(started.length + 1)], { folder: started });
    expect(out).toContain('stepstream 0.1.0, one copy');
    await expect(cli(['doctor', '--project', 'nowhere'], { folder })).resolves.toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no package.json that can be read in '),
    });
  });
});

describe('the compiler options', () => {
  it('are resolved through extends: files, lists, packages; the last one wins', async () => {
    const base = { compilerOptions: { experimentalDecorators: true } };
    await expect(
      findings({
        'tsconfig.json':
          '// with comments\n{ "extends": ["./base", "@tsconfig/metadata/tsconfig.json"], "include": ["src/**/*",], /* … */ }',
        'base/package.json': {}, // a folder of the same name is not meant
        'base.json': { extends: './root.json', compilerOptions: { emitDecoratorMetadata: false } },
        'root.json': base,
        'node_modules/@tsconfig/metadata/package.json': { name: '@tsconfig/metadata' },
        'node_modules/@tsconfig/metadata/tsconfig.json': { compilerOptions: { emitDecoratorMetadata: true } },
      }),
    ).resolves.toEqual({});
    await expect(
      findings({
        'tsconfig.json': { extends: './base.json', compilerOptions: { experimentalDecorators: false } },
        'base.json': { compilerOptions: decorators },
      }),
    ).resolves.toEqual({
      'tsconfig-experimentalDecorators': 'problem: tsconfig.json: experimentalDecorators is not on',
    });
  });

  it('are those of the projects that a tsconfig.json only refers to', async () => {
    const found = await findings({
      'tsconfig.json': { files: [], references: [{ path: './tsconfig.app.json' }, { path: 'lib' }] },
      'tsconfig.app.json': { compilerOptions: decorators },
      'lib/tsconfig.json': { compilerOptions: { experimentalDecorators: true } },
    });
    expect(found).toEqual({
      'tsconfig-emitDecoratorMetadata': 'warning: lib/tsconfig.json: emitDecoratorMetadata is not on',
    });
  });

  it.each([
    ['is no JSON', '{'],
    ['extends itself', { extends: './tsconfig.json' }],
    ['extends what is not installed', { extends: 'nowhere/tsconfig.json' }],
  ])('a tsconfig.json that %s is a problem of its own', async (_, tsconfig) => {
    await expect(findings({ 'tsconfig.json': tsconfig })).resolves.toEqual({
      tsconfig: expect.stringMatching(/^problem: .*tsconfig.json can't be read: /),
    });
  });

  it('are those of .swcrc, too', async () => {
    const swcrc = {
      jsc: { parser: { syntax: 'typescript', decorators: true }, transform: { decoratorMetadata: true } },
    };
    await expect(findings({ '.swcrc': swcrc })).resolves.toEqual({
      'swcrc-legacyDecorator': 'problem: .swcrc: legacyDecorator is not on',
    });
    const transform = { legacyDecorator: true, decoratorMetadata: true };
    await expect(findings({ '.swcrc': { jsc: { ...swcrc.jsc, transform } } })).resolves.toEqual({});
  });

  it.each([
    [
      'node --import=tsx src/main.ts',
      { 'script-metadata': 'warning: the script "dev" uses tsx, which never emits the types of constructor arguments' },
    ],
    [
      'tsx watch src/main.ts',
      { 'script-metadata': 'warning: the script "dev" uses tsx, which never emits the types of constructor arguments' },
    ],
    [
      'rm -rf dist && esbuild src/main.ts --bundle',
      {
        'script-metadata':
          'warning: the script "dev" uses esbuild, which never emits the types of constructor arguments',
      },
    ],
    ['node src/main.ts', { 'script-types': 'problem: the script "dev" lets Node run TypeScript by itself' }],
    ['node --import @oxc-node/core/register src/main.ts', {}],
    ['node dist/main.js && jest', {}],
  ])('of a script that runs %p', async (dev, expected) => {
    await expect(findings({ 'package.json': { scripts: { dev } } })).resolves.toEqual(expected);
  });
});

it('files that hold something else than is meant end in findings, not in an exception', async () => {
  const found = await findings({ 'package.json': { scripts: null }, 'tsconfig.json': 'null' });
  expect(found).toEqual({ tsconfig: expect.stringMatching(/^problem: .*tsconfig\.json holds no object$/) });
});

describe('copies of packages', () => {
  it('rxjs must be there, and of the right major', async () => {
    const rxjs = (version: string) => findings(packageAt('node_modules/rxjs', version));
    await expect(rxjs('6.6.7')).resolves.toEqual({ rxjs: 'problem: rxjs 6.6.7' });
    await expect(rxjs('8.0.0-alpha.14')).resolves.toEqual({ rxjs: 'problem: rxjs 8.0.0-alpha.14' });
    await expect(rxjs('7.8.1')).resolves.toEqual({});
  });

  it('rxjs is the same for all', async () => {
    const found = await findings({
      ...packageAt('node_modules/stepstream/node_modules/rxjs', '7.8.1'),
      ...packageAt('node_modules/@nestjs/core', '12.0.0'),
    });
    expect(found).toEqual({
      rxjs: 'warning: there are several copies of rxjs: 7.8.2 here, and stepstream has 7.8.1 in node_modules/stepstream/node_modules/rxjs',
    });
  });

  it('there is one stepstream, one tsyringe, one reflect-metadata', async () => {
    const found = await findings({
      ...packageAt('node_modules/@acme/jobs/node_modules/stepstream', '0.0.9'),
      ...packageAt('node_modules/@acme/jobs', '1.0.0'),
      ...packageAt('node_modules/tsyringe', '4.8.0'),
      ...packageAt('node_modules/stepstream/node_modules/tsyringe', '4.10.0'),
      ...packageAt('node_modules/reflect-metadata', '0.1.14'),
      ...packageAt('node_modules/stepstream/node_modules/reflect-metadata', '0.2.2'),
    });
    expect(found).toEqual({
      'stepstream-copies':
        'problem: there are more copies of stepstream: node_modules/@acme/jobs/node_modules/stepstream',
      'tsyringe-copies': expect.stringContaining(
        'problem: there are two copies of tsyringe: 4.8.0 here, and stepstream has 4.10.0',
      ),
      'reflect-metadata-copies': expect.stringContaining(
        'warning: there are two copies of reflect-metadata: 0.1.14 here',
      ),
    });
  });

  it('a link to a package is no second copy of it', async () => {
    const folder = project({ 'packages/jobs/package.json': {} });
    mkdirSync(join(folder, 'packages/jobs/node_modules'));
    symlinkSync(join(folder, 'node_modules/rxjs'), join(folder, 'packages/jobs/node_modules/rxjs'));
    await expect(diagnosis(join(folder, 'packages/jobs'))).resolves.toMatchObject({ problems: 0, warnings: 0 });
  });
});

describe('the sources', () => {
  it("are looked over for rxjs' own delay, by the project's oxlint", async () => {
    const linted = await projectWith({
      'src/orders.ts':
        "import { delay, of } from 'rxjs';\nimport { Step } from 'stepstream';\nvoid Step, of(1).pipe(delay(5));\n",
      'src/screen.ts': "import { delay, of } from 'rxjs';\nof(1).pipe(delay(5));\n",
    });
    folders.push(linted.folder);
    const { code, checks } = await diagnosis(linted.folder);
    expect(code).toBe(1);
    expect(checks.filter(({ id }) => id === 'rxjs-delay')).toMatchObject([
      {
        level: 'problem',
        found: 'src/orders.ts:1:10: delay of rxjs, in a file that has to do with steps',
        fix: "import { delay } from 'stepstream'",
      },
    ]);
  });
});
