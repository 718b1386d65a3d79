import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

export interface OpenRedis {
  readonly url: string;
  close(): Promise<void>;
}

/** The Redis at REDIS_URL. Without it, one of the sample's own, which forgets everything at the end. */
export async function openRedis(): Promise<OpenRedis> {
  const url = process.env['REDIS_URL'];
  if (url) return { url, close: async () => {} };
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', ''];
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  await new Promise<void>((ready, failed) => {
    server.once('error', (cause) => failed(new Error('set REDIS_URL, or install redis-server', { cause })));
    server.once('exit', (code) => failed(new Error(`redis-server ended with ${code}`)));
    createInterface(server.stdout).on('line', (line) => line.includes('Ready to accept connections') && ready());
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    async close() {
      server.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
