import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createApp, Worker, type StoreOptions } from 'stepstream';
import { dashboardOf } from './dashboard.js';
import { addJobs } from './jobs.js';
import { countStock, Orders, Parcels } from './shop.js';

const url = process.env['REDIS_URL']; // without it the jobs are gone with the process
const app = createApp({ processors: [Orders, Parcels], prefix: 'dashboard', ...(url && { connection: url }) });
const store: StoreOptions = { connection: app.engine, prefix: 'dashboard' };
await app.start();
const worker = new Worker('stock', countStock, store);
await addJobs(app);

// It lets whoever reaches it do anything: here that is this machine alone. See docs/guides/dashboards.md.
const server = dashboardOf(app).listen(Number(process.env['PORT'] ?? 3010), '127.0.0.1');
await once(server, 'listening');
console.log(`open http://127.0.0.1:${(server.address() as AddressInfo).port}/, and stop with Ctrl+C`);

process.once('SIGINT', () => void stop()).once('SIGTERM', () => void stop());

async function stop(): Promise<void> {
  server.close();
  server.closeAllConnections();
  await worker.close({ grace: 0 });
  await app.close({ grace: 0 });
}
