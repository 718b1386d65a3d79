import { createServer, type ServerResponse } from 'node:http';
import { createApp } from 'stepstream';
import { Orders } from './orders.js';

const app = createApp({
  connection: process.env['REDIS_URL'],
  processors: [Orders],
  grace: process.env['GRACE'] ?? '20 s', // less than the orchestrator's
});

const probes = createServer((request, response) => {
  if (request.url === '/ready') void tellHealth(response);
  else response.end(); // alive: that it answers is the answer
});

async function tellHealth(response: ServerResponse): Promise<void> {
  const health = await app.health();
  response.writeHead(health.status === 'down' ? 503 : 200).end(JSON.stringify(health));
}

let stopping = false;
async function stop(signal: string): Promise<void> {
  if (stopping) process.exit(1); // the second one: at once
  stopping = true;
  console.log(`${signal}: jobs go on to their next durable write`);
  await app.close();
  probes.close(); // nothing is left to do: the process ends by itself, with 0
}
process.on('SIGTERM', (signal) => void stop(signal));
process.on('SIGINT', (signal) => void stop(signal));

await app.start();
probes.listen(Number(process.env['PROBE_PORT'] ?? 9090), process.env['PROBE_HOST'], () => console.log('ready'));
