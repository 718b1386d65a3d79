import { createApp } from 'stepstream';
import { Orders } from './orders.js';

const connection = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
const app = createApp({ processors: [Orders], connection });
process.once('SIGINT', () => void app.close()); // Ctrl+C: what runs goes on to its next durable write
await app.start();
console.log('waiting for orders');
