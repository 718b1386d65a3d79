import { createApp } from 'stepstream';
import { Orders } from './orders.js';

const connection = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
const app = createApp({ connection }); // no processors: it only adds jobs
const job = await app.queue(Orders).add('order', { item: 'lamp', cents: 4_200 });
job.progress$.subscribe(({ step, emission }) => console.log(`${step}:`, emission));
console.log('result:', await job.result());
await app.close();
