/** The program of docs/guides/production.md, as a process of its own, and as the first one of a container. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createApp, type App } from 'stepstream';
import { freePort } from '../support/redis-server.js';
import { useRedis } from '../support/use-redis.js';
import { Orders, type Order } from './production/orders.js';

jest.setTimeout(60_000);

const redis = useRedis();

/** In a process namespace of its own, as a container is: signals that it doesn't listen to don't reach the first process there. */
const namespace = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const mayUnshare = spawnSync(namespace[0]!, [...namespace.slice(1), 'true']).status === 0;

const running: Program[] = [];

class Program {
  readonly lines: string[] = [];
  readonly ended: Promise<readonly unknown[]>;
  readonly probePort: number;
  readonly #child: ChildProcess;
  #heard = (): void => {};

  private constructor(prefix: readonly string[], probePort: number) {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const args = [process.execPath, '--import', '@oxc-node/core/register', 'spec/docs/production/worker.ts'];
    const [command, ...rest] = [...prefix, ...args] as [string, ...string[]];
    this.#child = spawn(command, rest, {
      env: { ...env, REDIS_URL: redis().url, PROBE_PORT: String(probePort), PROBE_HOST: '127.0.0.1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.ended = once(this.#child, 'exit');
    this.probePort = probePort;
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.lines.push(line);
      this.#heard();
    });
    running.push(this);
  }

  static async start(prefix: readonly string[] = []): Promise<Program> {
    const program = new Program(prefix, await freePort());
    await program.says('ready');
    return program;
  }

  async says(line: string): Promise<void> {
    while (!this.lines.includes(line)) await new Promise<void>((resolve) => (this.#heard = resolve));
  }

  async probe(path: string): Promise<number> {
    return (await fetch(`http://127.0.0.1:${this.probePort}${path}`)).status;
  }

  /** To the program itself, which `unshare` has as its only child. */
  signal(signal: NodeJS.Signals): void {
    const pid = this.#child.pid!;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    process.kill(this.#child.spawnfile === 'unshare' ? Number(children) : pid, signal);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

let app: App;
beforeEach(() => {
  app = createApp({ connection: redis().url });
});
afterEach(async () => {
  for (const program of running.splice(0)) program.kill();
  await app.close();
});

const parcelsOf = (id: string, programs: readonly Program[]): readonly number[] =>
  programs.flatMap(({ lines }) =>
    lines.filter((line) => line.startsWith(`order ${id}: parcel `)).map((line) => Number(line.split(' ').at(-1))),
  );

const ways = [
  ['a process', []] as const,
  ...(mayUnshare ? [['the first process of a container', namespace] as const] : []),
];

describe.each(ways)('the program of the production guide, as %s', (_, prefix) => {
  it('W4: ends with 0 at SIGTERM in the middle of a step, and the next one goes on where it was; nothing is lost or done twice', async () => {
    const first = await Program.start(prefix);
    const orders: readonly Order[] = [{ parcels: 60 }, { parcels: 2, sleep: '2 s' }];
    const jobs = await app.queue(Orders).addBulk(orders.map((data) => ({ name: 'order', data })));
    const [packing, sleeping] = jobs.map(({ id }) => id) as [string, string];
    await first.says(`order ${packing}: parcel 3`);
    first.signal('SIGTERM');
    await expect(first.ended).resolves.toEqual([0, null]);
    expect(first.lines).toContain('SIGTERM: jobs go on to their next durable write');
    expect(parcelsOf(packing, [first]).length).toBeLessThan(60);

    const second = await Program.start(prefix);
    await Promise.all(jobs.map((job) => job.result()));
    expect(parcelsOf(packing, [first, second])).toEqual(Array.from({ length: 60 }, (__, index) => index + 1));
    expect(parcelsOf(sleeping, [first, second])).toEqual([1, 2]);
    second.signal('SIGTERM');
    await expect(second.ended).resolves.toEqual([0, null]);
  });

  it('is not ready any more while it waits for a step, but alive; a second signal ends it at once, with 1', async () => {
    const program = await Program.start(prefix);
    const job = await app.queue(Orders).add('order', { parcels: 0, bankIsSilent: true });
    await program.says(`order ${job.id}: asks the bank`);
    await expect(Promise.all([program.probe('/ready'), program.probe('/live')])).resolves.toEqual([200, 200]);
    program.signal('SIGTERM');
    await program.says('SIGTERM: jobs go on to their next durable write');
    await expect(Promise.all([program.probe('/ready'), program.probe('/live')])).resolves.toEqual([503, 200]);
    program.signal('SIGTERM');
    await expect(program.ended).resolves.toEqual([1, null]);
    await job.cancel();
  });
});
