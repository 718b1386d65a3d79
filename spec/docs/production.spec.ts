/** The program of docs/guides/production.md, as a process of its own, and as the first one of a container. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createApp, type App, type Job } from 'stepstream';
import { compiledProgram } from '../support/compiled-program.js';
import { freePort } from '../support/redis-server.js';
import { useRedis } from '../support/use-redis.js';
import { Orders, type Order } from './production/orders.js';

jest.setTimeout(60_000);

const redis = useRedis();

/** In a process namespace of its own, as a container is: signals that it doesn't listen to don't reach the first process there. */
const namespace = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const mayUnshare = spawnSync(namespace[0]!, [...namespace.slice(1), 'true']).status === 0;

const program = compiledProgram('spec/docs/production/worker.ts');
const running: Program[] = [];

class Program {
  readonly lines: string[] = [];
  readonly ended: Promise<readonly unknown[]>;
  readonly probePort: number;
  readonly #child: ChildProcess;
  #heard = (): void => {};

  private constructor(prefix: readonly string[], probePort: number, pace: number) {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const [command, ...rest] = [...prefix, process.execPath, program];
    this.#child = spawn(command, rest, {
      env: {
        ...env,
        REDIS_URL: redis().url,
        PROBE_PORT: String(probePort),
        PROBE_HOST: '127.0.0.1',
        PACE: String(pace),
      },
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

  /** @param pace milliseconds that a parcel takes */
  static async start(prefix: readonly string[], pace = 0): Promise<Program> {
    const started = new Program(prefix, await freePort(), pace);
    await started.says('ready');
    return started;
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
  for (const each of running.splice(0)) each.kill();
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
  it('W4: ends with 0 at SIGTERM in the middle of a step, and the next one goes on where it was, nothing lost or done twice; while that waits for a step it is not ready but alive, and a second signal ends it at once, with 1', async () => {
    const first = await Program.start(prefix, 100);
    const orders: readonly Order[] = [{ parcels: 2, sleep: '1 h' }, { parcels: 60 }];
    const jobs = await app.queue(Orders).addBulk(orders.map((data) => ({ name: 'order', data })));
    const [sleeping, packing] = jobs as [Job<Order>, Job<Order>];
    await first.says(`order ${packing.id}: parcel 3`);
    first.signal('SIGTERM');
    await expect(first.ended).resolves.toEqual([0, null]);
    expect(first.lines).toContain('SIGTERM: jobs go on to their next durable write');
    expect(parcelsOf(packing.id, [first]).length).toBeLessThan(60);

    const second = await Program.start(prefix);
    await sleeping.promote();
    await Promise.all(jobs.map((job) => job.result()));
    expect(parcelsOf(packing.id, [first, second])).toEqual(Array.from({ length: 60 }, (__, index) => index + 1));
    expect(parcelsOf(sleeping.id, [first, second])).toEqual([1, 2]);

    const silent = await app.queue(Orders).add('order', { parcels: 0, bankIsSilent: true });
    await second.says(`order ${silent.id}: asks the bank`);
    await expect(Promise.all([second.probe('/ready'), second.probe('/live')])).resolves.toEqual([200, 200]);
    second.signal('SIGTERM');
    await second.says('SIGTERM: jobs go on to their next durable write');
    await expect(Promise.all([second.probe('/ready'), second.probe('/live')])).resolves.toEqual([503, 200]);
    second.signal('SIGTERM');
    await expect(second.ended).resolves.toEqual([1, null]);
    await silent.cancel();
  });
});
