import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A redis-server of the test's own. */
export interface TestRedis {
  readonly port: number;
  readonly url: string;
  readonly dir: string;
  readonly pid: number;
  /** Sends a signal; resolves when that has ended the process, or at once when it is one that doesn't. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it anew on the same port and folder; what runs is killed first. */
  restart(until?: Started): Promise<void>;
  /** Ends it, and removes its folder. */
  stop(): Promise<void>;
}

/** What is waited for at a start: that it takes commands, or that it listens (it may be loading then). */
export type Started = 'ready' | 'loading';

const saysStarted = { ready: 'Ready to accept connections', loading: 'Server initialized' };

/** A redis-server on a free port of loopback, in a folder of its own, without snapshots. It ends with the test process at the latest. */
export async function startRedis(args: readonly string[] = []): Promise<TestRedis> {
  const dir = mkdtempSync(join(tmpdir(), 'stepstream-redis-'));
  const { port, server } = await startOnFreePort(dir, args);
  let running = server;

  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (running.child.exitCode !== null || running.child.signalCode !== null) return;
    const ended = once(running.child, 'exit');
    running.child.kill(signal);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return;
    await ended;
    running.guard.kill('SIGKILL');
  }

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    dir,
    get pid() {
      return running.child.pid!;
    },
    kill,
    async restart(until = 'ready') {
      await kill('SIGKILL');
      running = await start(port, dir, args, until);
    },
    async stop() {
      await kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly guard: ChildProcess;
}

async function startOnFreePort(dir: string, args: readonly string[]): Promise<{ port: number; server: Running }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return { port, server: await start(port, dir, args, 'ready') };
    } catch (error) {
      // another program may have taken the port meanwhile
      if (attempt === 5 || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function start(port: number, dir: string, args: readonly string[], until: Started): Promise<Running> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', ...args];
  const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const guard = guardOf(child, dir);
  const lines = createInterface({ input: child.stdout });
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${said.join('\n')}`)));
    lines.on('line', (line) => {
      if (said.length < 100) said.push(line);
      if (line.includes(saysStarted[until])) resolve();
    });
  });
  return { child, guard };
}

/** Ends the server when the test process has ended, however it did: the pipe to it closes then. */
function guardOf(child: ChildProcess, dir: string): ChildProcess {
  const script = 'cat; kill -KILL "$0"; rm -rf "$1"';
  return spawn('sh', ['-c', script, String(child.pid), dir], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
