/** Plays docs/guides/getting-started.md: two terminals, a Redis, and a worker that is killed while it packs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const port = await freePort();
const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
await lineOf(redis, 'Ready to accept connections');
const env = { ...process.env, REDIS_URL: `redis://127.0.0.1:${port}` };

const first = terminal('worker 1');
await first.line('waiting for orders');
const order = terminal('order');
await first.line('packing');
first.process.kill('SIGKILL');
await once(first.process, 'exit');

const second = terminal('worker 2');
await once(order.process, 'exit');
second.process.kill('SIGINT');
await once(second.process, 'exit');
redis.kill();

for (const { name, lines } of [first, second, order]) console.log([`-- ${name}`, ...lines].join('\n'));

/** @param {string} name */
function terminal(name) {
  const child = spawn(process.execPath, [`dist/${name.split(' ')[0]}.js`], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  /** @type {string[]} */
  const lines = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  return { name, process: child, lines, line: (start) => lineOf(child, start) };
}

/** @param {import('node:child_process').ChildProcess} child @param {string} text */
function lineOf(child, text) {
  return new Promise((resolve) => {
    createInterface(child.stdout).on('line', (line) => line.includes(text) && resolve(line));
  });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  await once(server, 'close');
  return free;
}
