import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createApp } from 'stepstream';
import { createVideoServer } from './server.js';
import { ThumbnailProcessor, VideoProcessor } from './video-processor.js';

const connection = process.env['REDIS_URL']; // without it the jobs are gone with the process
const app = createApp({ processors: [VideoProcessor, ThumbnailProcessor], ...(connection && { connection }) });
await app.start();

const server = createVideoServer(app).listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1');
await once(server, 'listening');
console.log(`open http://127.0.0.1:${(server.address() as AddressInfo).port}/, and stop with Ctrl+C`);

process.once('SIGINT', () => void stop()).once('SIGTERM', () => void stop());

async function stop(): Promise<void> {
  server.close();
  server.closeAllConnections(); // who watches comes again, to the next process
  await app.close();
}
