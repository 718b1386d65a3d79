import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { filter, firstValueFrom } from 'rxjs';
import { createApp } from 'stepstream';
import { container } from 'tsyringe';
import { licenseOf } from '../../samples/license-report/license.js';
import { PackageProcessor } from '../../samples/license-report/package-processor.js';
import { Packages } from '../../samples/license-report/packages.js';
import { ReportProcessor, type Cursor } from '../../samples/license-report/report-processor.js';
import { openScreen } from '../../samples/license-report/screen.js';

jest.setTimeout(30_000);

const root = resolve(__dirname, '../..');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'license-report-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('the processors of the license report', () => {
  it('report a package without a license, a broken manifest and a missing package beside those that have a license', async () => {
    await writeProject({
      'node_modules/plain': { version: '1.0.0', license: 'MIT' },
      'node_modules/legacy': { version: '2.0.0', licenses: [{ type: 'MIT' }, { type: 'Apache-2.0' }] },
      'node_modules/plain/node_modules/silent': { version: '3.0.0' },
      'node_modules/broken': '{',
      'node_modules/@scope/elsewhere': undefined,
    });
    const app = createApp({ processors: [ReportProcessor, PackageProcessor] });
    await app.start();
    const file = join(folder, 'out', 'licenses.txt');
    const job = await app.queue(ReportProcessor).add('licenses', { folder, file });
    const { text } = await job.result();
    await app.close();

    expect(text).toBe(
      [
        'License             Packages    Share     Size',
        '──────────────────────────────────────────────',
        'MIT OR Apache-2.0          1   20.0 %   0.1 kB',
        'MIT                        1   20.0 %   0.0 kB',
        '(none stated)              1   20.0 %   0.0 kB',
        '(no manifest)              1   20.0 %   0.0 kB',
        '(not installed)            1   20.0 %        –',
        '──────────────────────────────────────────────',
        'Total                      5            0.1 kB',
        '',
        'Largest packages       License               Size',
        '─────────────────────────────────────────────────',
        'legacy 2.0.0           MIT OR Apache-2.0   0.1 kB',
        'plain 1.0.0            MIT                 0.0 kB',
        'plain > silent 3.0.0   (none stated)       0.0 kB',
        'broken                 (no manifest)       0.0 kB',
        '',
        'No license stated in the manifest',
        '  plain > silent',
        '',
        'No package.json that can be read',
        '  broken',
        '',
        "In the lock file but not installed, as optional packages for other platforms aren't",
        '  @scope/elsewhere',
      ].join('\n'),
    );
    expect(await readFile(file, 'utf8')).toBe(`${text}\n`);
  });

  it('go on at the saved cursor when a page could not be read', async () => {
    const names = Array.from({ length: 120 }, (_, index) => `node_modules/p${index}`);
    await writeProject(Object.fromEntries(names.map((name) => [name, undefined])));
    const pages: string[] = [];
    const packages = new (class extends Packages {
      override async absent(project: string, paths: readonly string[]): Promise<readonly string[]> {
        pages.push(`${paths[0]} … ${paths.at(-1)}`);
        if (pages.length === 2) throw new Error('the disk is busy');
        return super.absent(project, paths);
      }
    })();
    const resolver = container.createChildContainer().registerInstance(Packages, packages);
    const app = createApp({ processors: [ReportProcessor, PackageProcessor], resolver });
    await app.start();
    const job = await app.queue(ReportProcessor).add('licenses', { folder, file: join(folder, 'licenses.txt') });
    const isRead = filter(({ emission }: { emission?: unknown }) => (emission as Cursor).next === 120);
    const { emission } = await firstValueFrom(job.progress$.pipe(isRead));
    await app.close();

    expect((emission as Cursor).absent).toEqual(names);
    expect(pages).toEqual([
      'node_modules/p0 … node_modules/p49',
      'node_modules/p50 … node_modules/p99',
      'node_modules/p50 … node_modules/p99',
      'node_modules/p100 … node_modules/p119',
    ]);
  });

  it('report a project without packages', async () => {
    await writeProject({});
    const app = createApp({ processors: [ReportProcessor, PackageProcessor] });
    await app.start();
    const job = await app.queue(ReportProcessor).add('licenses', { folder, file: join(folder, 'licenses.txt') });
    const { text } = await job.result();
    await app.close();
    expect(text).toMatch(/^Total +0 +0\.0 kB$/m);
  });

  it.each([
    [{ license: 'MIT' }, 'MIT'],
    [{ license: '(MIT OR CC0-1.0)' }, 'MIT OR CC0-1.0'],
    [{ license: '(MIT OR Apache-2.0) AND (BSD-3-Clause)' }, '(MIT OR Apache-2.0) AND (BSD-3-Clause)'],
    [{ license: { type: 'ISC', url: 'https://example.org' } }, 'ISC'],
    [{ licenses: [{ type: 'MIT' }, 'GPL-2.0'] }, 'MIT OR GPL-2.0'],
    [{ license: 'MIT', licenses: [{ type: 'MIT' }] }, 'MIT'],
    [{ license: '', licenses: [{ url: 'https://example.org' }, null, 7] }, '(none stated)'],
    [{}, '(none stated)'],
  ])('find in %j the license %s', (manifest, license) => {
    expect(licenseOf(manifest)).toBe(license);
  });
});

describe('the license report, run as a program', () => {
  it('shows plain lines without a terminal: one per checkpoint, then a table of all packages of the lock file', async () => {
    const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
    const count = Object.keys(packages).length - 1; // without the project itself
    const { code, stdout, stderr } = await run().ended;

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('\u001B');
    expect(stdout).not.toContain('\r');
    const checkpoints = stdout.split('\n').filter((line) => line.includes('checkpoint'));
    const pages = Array.from({ length: Math.ceil(count / 50) }, (_, page) => Math.min((page + 1) * 50, count));
    expect(checkpoints).toEqual([
      ...pages.map((next) => expect.stringContaining(`read: ${next} of ${count} packages`)),
      expect.stringContaining('inspect: '),
      expect.stringMatching(/publish: .*licenses\.txt$/),
    ]);
    expect(stdout).toMatch(/parked +in delayed: the job sleeps in the store until \d\d:\d\d:\d\d/);
    const rows = stdout.slice(stdout.indexOf('\nLicense'), stdout.indexOf('\nTotal')).matchAll(/ (\d+) +\d+\.\d %/g);
    expect([...rows].reduce((sum, [, packagesOfRow]) => sum + Number(packagesOfRow), 0)).toBe(count);
    expect(stdout).toMatch(new RegExp(`^Total +${count} `, 'm'));
  });

  it('closes gracefully on SIGINT and SIGTERM, and says what was saved', async () => {
    const programs = (['SIGINT', 'SIGTERM'] as const).map(async (signal) => {
      const program = run();
      await program.shows('in delayed');
      program.kill(signal);
      return program.ended;
    });
    const ends = await Promise.all(programs);

    expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
      { code: 130, stderr: '' },
      { code: 143, stderr: '' },
    ]);
    for (const { stdout } of ends) {
      expect(stdout).toMatch(/stopped +the job is delayed, saved last: inspect: the report's \d+ rows\n.+forgets/);
      expect(stdout).not.toContain('Total');
    }
  });

  it('says what is wrong, in a line, when there is no lock file', async () => {
    const { code, stderr } = await run(folder).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The report failed: .*package-lock\.json is not a lock file of npm 7 or newer.*\n$/);
  });
});

describe('the screen', () => {
  const terminal = { isTTY: true, columns: 40 };

  it('keeps the bar below the lines on a terminal, and within its width', () => {
    const written: string[] = [];
    const screen = openScreen({ ...terminal, write: (text: string) => written.push(text) > 0 }, {});
    screen.bar(0.5, 'a text that is much too long');
    screen.line('kind', 'text');
    screen.clear();

    const bar = '\u001B[36m███████████████░░░░░░░░░░░░░░░  a text \u001B[39m';
    expect(written[0]).toBe(`\r\u001B[2K${bar}`);
    expect(written[1]).toMatch(/ +0\.\d\d s {3}kind {9}text\n/);
    expect(written[1]!.split(/ +0\.\d.*\n/)).toEqual(['\r\u001B[2K', bar]);
    expect(written[2]).toBe('\r\u001B[2K');
  });

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('is plain on a terminal with %j', (env) => {
    const written: string[] = [];
    const screen = openScreen({ ...terminal, write: (text: string) => written.push(text) > 0 }, env);
    screen.bar(0.5, 'half');
    screen.line('kind', 'text');
    screen.clear();
    expect(written.join('')).toMatch(/^ +0\.\d\d s {3}kind {9}text\n$/);
  });
});

/** A lock file with these packages; a manifest for each that isn't undefined, as it is when it is text. */
async function writeProject(packages: Readonly<Record<string, object | string | undefined>>): Promise<void> {
  const locked = Object.fromEntries(Object.keys(packages).map((path) => [path, {}]));
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...locked } }));
  for (const [path, manifest] of Object.entries(packages)) {
    if (manifest === undefined) continue;
    const file = join(folder, path, 'package.json');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  }
}

interface Program {
  /** Resolves when the output has this text. */
  shows(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

/** As `npm start` does, without a terminal. */
function run(...args: readonly string[]): Program {
  const main = 'samples/license-report/main.ts';
  const child = spawn(process.execPath, ['--import', '@oxc-node/core/register', main, ...args], { cwd: root });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    shows: (text) =>
      new Promise((found, missed) => {
        child.stdout.on('data', () => stdout.includes(text) && found());
        child.once('close', () => missed(new Error(`"${text}" was not shown:\n${stdout}${stderr}`)));
      }),
    kill: (signal) => void child.kill(signal),
    ended: new Promise((ended) => child.once('close', (code) => ended({ code, stdout, stderr }))),
  };
}
