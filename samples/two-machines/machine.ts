/** A worker: started by main.ts, as often as there are machines. */
import { createApp } from 'stepstream';
import { OrderProcessor } from './order-processor.js';
import { say } from './say.js';

const app = createApp({ processors: [OrderProcessor], connection: process.env['REDIS_URL'] });
process.once('disconnect', () => void app.close()); // main.ts is done
await app.start();
say(`machine ${process.env['MACHINE']}`, 'works');
process.send?.('works');
