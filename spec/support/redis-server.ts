import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A redis-server of the test's own. It ends with the test process at the latest. */
export interface TestRedis {
  readonly port: number;
  /** Where the nodes of a cluster talk to each other. */
  readonly busPort: number;
  readonly url: string;
  readonly dir: string;
  readonly pid: number;
  /** Sends a signal; one that ends the process is waited for until it has. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it anew, on the same port and in the same folder; what runs is killed first. */
  restart(until?: Started): Promise<void>;
  /** Ends it, and removes its folder. */
  stop(): Promise<void>;
}

/** What is waited for at a start: that it takes commands, or that it listens; it may be loading then. */
export type Started = 'ready' | 'loading';

/** Starts redis-server on a free port of loopback, in a folder of its own, without snapshots. */
export function startRedis(args: readonly string[] = []): Promise<TestRedis> {
  const says = { ready: 'Ready to accept connections', loading: 'Server initialized' };
  return startOnFreePort(({ port, busPort, dir }, until) => {
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
    const bus = args.includes('--cluster-enabled') ? ['--cluster-port', String(busPort)] : [];
    return { args: [...own, ...bus, ...args], says: says[until] };
  });
}

/** Starts a sentinel that watches one master, which it knows by this name, and decides alone. */
export function startSentinel(name: string, master: TestRedis): Promise<TestRedis> {
  return startOnFreePort(({ port, dir }) => {
    const monitor = `sentinel monitor ${name} 127.0.0.1 ${master.port} 1`;
    const config = join(dir, 'sentinel.conf'); // it writes what it learns there
    writeFileSync(config, [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, monitor].join('\n'));
    return { args: [config, '--sentinel'], says: '+monitor' };
  });
}

interface Place {
  readonly port: number;
  readonly busPort: number;
  readonly dir: string;
}

/** What to start in a place, and the words by which it says that it has started. */
type Plan = (place: Place, until: Started) => { readonly args: readonly string[]; readonly says: string };

async function startOnFreePort(plan: Plan): Promise<TestRedis> {
  const dir = mkdtempSync(join(tmpdir(), 'stepstream-redis-'));
  for (let attempt = 1; ; attempt++) {
    const place = { port: await freePort(), busPort: await freePort(), dir };
    const start = (until: Started): Promise<Server> => Server.start(plan(place, until), dir);
    try {
      return testRedis(place, await start('ready'), start);
    } catch (error) {
      // else another process has been given the port meanwhile
      if (attempt < 5 && String(error).includes('Address already in use')) continue;
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }
}

function testRedis(
  { port, busPort, dir }: Place,
  first: Server,
  start: (until: Started) => Promise<Server>,
): TestRedis {
  let server = first;
  return {
    port,
    busPort,
    url: `redis://127.0.0.1:${port}`,
    dir,
    get pid() {
      return server.pid;
    },
    kill: (signal) => server.kill(signal),
    async restart(until = 'ready') {
      await server.kill('SIGKILL');
      server = await start(until);
    },
    async stop() {
      await server.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

class Server {
  readonly #process: ChildProcess;
  /** Ends the server, and removes its folder, when the test process has ended, however it did: the pipe is closed then. */
  readonly #guard: ChildProcess;

  private constructor(process: ChildProcess, dir: string) {
    this.#process = process;
    const script = 'cat; kill -KILL "$0"; rm -rf "$1"';
    this.#guard = spawn('sh', ['-c', script, String(process.pid), dir], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
  }

  static async start({ args, says }: ReturnType<Plan>, dir: string): Promise<Server> {
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child, 'spawn');
    const server = new Server(child, dir);
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => {
        server.#guard.kill('SIGKILL');
        reject(new Error(`redis-server ended with ${code}:\n${said.join('\n')}`));
      });
      // read to the end: a full pipe would stop the server
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (said.length < 100) said.push(line);
        if (line.includes(says)) resolve();
      });
    });
    return server;
  }

  get pid(): number {
    return this.#process.pid!;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await ended;
  }
}

const given = new Set<number>();

/** A port of loopback on which nobody listens, and that this process hasn't been given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}
