import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { freePort } from '../support/redis-server.js';
import { useRedis } from '../support/use-redis.js';
import { cli, type Printed } from './run-cli.js';

jest.setTimeout(60_000);

const server = useRedis();
const { NODE_OPTIONS: _options, REDIS_URL: _url, ...env } = process.env;
/** The package as it is installed: its manifest, and the program in one file. */
let folder: string;
let program: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stepstream-cli-'));
  program = join(folder, 'main.js');
  await copyFile('package.json', join(folder, 'package.json'));
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  await build({
    entryPoints: ['src/cli/main.ts'],
    outfile: program,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the program as a process of its own. */
function stepstream(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Printed> {
  return new Promise((ended) => {
    execFile(process.execPath, [program, ...args], { env: { ...env, ...more } }, (error, out, err) =>
      ended({ code: error ? (error.code as unknown as number) : 0, out, err }),
    );
  });
}

describe('the program, as a process', () => {
  it('exits with 0 when it is done, 1 for what it found, 2 for a wrong command, 3 without Redis', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    const nowhere = `redis://:s3cret@127.0.0.1:${await freePort()}`;
    const [printedVersion, missing, usage, away] = await Promise.all([
      stepstream(['--version']),
      stepstream(['jobs', 'show', 'orders', '1'], { REDIS_URL: server().url }),
      stepstream(['jobs', 'lst']),
      stepstream(['jobs', 'queues', '--redis', nowhere]),
    ]);
    expect(printedVersion).toEqual({ code: 0, out: `${version}\n`, err: '' });
    expect(missing).toEqual({ code: 1, out: '', err: 'job 1 of queue orders is not in the store\n' });
    expect(usage).toMatchObject({ code: 2, out: '', err: expect.stringContaining('there is no command jobs lst') });
    expect(away).toMatchObject({ code: 3, out: '', err: expect.stringContaining("can't be reached") });
    expect(away.err).not.toContain('s3cret');
  });

  it('ends in peace when nobody reads what it prints', async () => {
    const child = spawn(process.execPath, [program, 'jobs', 'list', '--help'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    child.stderr.on('data', (data) => said.push(String(data)));
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    expect({ code, said }).toEqual({ code: 0, said: [] });
  });
});

describe('help', () => {
  it('tells of all commands, of those of a group, and of one', async () => {
    const all = await cli(['--help']);
    expect(all).toMatchObject({ code: 0, err: '' });
    expect(all.out).toMatch(
      /^Usage: stepstream <command> \[options\]\n\nCommands:\n {2}doctor {8}.*\n {2}jobs queues /,
    );
    await expect(cli(['-h'])).resolves.toEqual(all);
    const group = await cli(['jobs', '--help']);
    expect(group.out).toMatch(/^Usage: stepstream jobs <command> \[options\]\n/);
    expect(group.out).not.toContain('  doctor  ');
    const { out } = await cli(['jobs', 'show', '--help']);
    await expect(cli(['jobs', 'show', '-h'])).resolves.toMatchObject({ code: 0, out });
    expect(out).toMatch(/^Usage: stepstream jobs show <queue> <id> \[options\]\n/);
    for (const part of ['--redis <url>', '--json', 'Exit codes:\n  0  done']) expect(out).toContain(part);
  });

  it('is what the guide shows', async () => {
    const guide = await readFile('docs/guides/command-line.md', 'utf8');
    expect(guide).toContain(`$ npx stepstream --help\n${(await cli(['--help'])).out}`);
  });

  it('is what one gets who names no command, on the standard error', async () => {
    for (const args of [[], ['jobs']]) {
      const { code, out, err } = await cli(args);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(/^Usage: stepstream /);
    }
  });
});

describe('a wrong command', () => {
  it.each([
    [['jbos'], 'there is no command jbos'],
    [['jobs', 'list'], '<queue> is missing'],
    [['jobs', 'cancel', 'orders'], '<id...> is missing'],
    [['jobs', 'queues', 'orders'], 'one argument too many: orders'],
    [['jobs', 'show', '-orders', '-id', '-x'], 'one argument too many: -x'],
    [['doctor', '--colour'], "Unknown option '--colour'"],
    [['jobs', 'queues', '--redis'], "Option '--redis <value>' argument missing"],
    [
      ['jobs', 'queues', '--redis', 'http://me:s3cret@h'],
      '--redis must be a URL that begins with redis:// or rediss://',
    ],
    [['jobs', 'queues', '--redis', 'redis://:s3cret@h/orders'], 'ends with the number of a database, if with any'],
    [['jobs', 'queues', 'redis://:s3cret@h'], 'one argument too many: redis://:***@h'],
    [
      ['jobs', 'queues'],
      'Give --redis <url>, or set REDIS_URL. Jobs of the embedded engine are in the process that runs them',
    ],
    [['jobs', 'list', 'a:b', '--redis', 'redis://h'], 'a name has 1 to 128 letters'],
    [['jobs', 'queues', '--prefix', 'a:b', '--redis', 'redis://h'], 'prefix must be a name'],
  ])('%p is told what is wrong, and changes nothing', async (args, message) => {
    const { code, out, err } = await cli(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(err).not.toContain('s3cret');
  });
});

describe('--json', () => {
  it('tells of a Redis that can not be reached as JSON, too', async () => {
    const { code, out, err } = await cli([
      'jobs',
      'queues',
      '--json',
      '--redis',
      `redis://127.0.0.1:${await freePort()}`,
    ]);
    expect({ code, err }).toEqual({ code: 3, err: '' });
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'STORE_UNAVAILABLE' } });
  });
});
