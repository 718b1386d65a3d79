import { createApp } from 'stepstream';
import { container, instanceCachingFactory, Lifecycle } from 'tsyringe';
import { configToken, readConfig } from './config.js';
import { InvoiceProcessor } from './invoice-processor.js';
import { mailClientToken, PrintingMailClient } from './mail-client.js';
import { MailProcessor } from './mail-processor.js';
import { say } from './say.js';
import { Shop } from './shop.js';

// What stands behind the tokens. The configuration is read once; a mail client is made for each worker that needs one.
container.register(configToken, { useFactory: instanceCachingFactory(() => readConfig(process.env)) });
container.register(mailClientToken, { useClass: PrintingMailClient }, { lifecycle: Lifecycle.ContainerScoped });

// Given as `resolver`, the container also injects the app's queues into what it makes itself: into the shop.
const app = createApp({ processors: [InvoiceProcessor, MailProcessor], resolver: container });
await app.start();

const shop = container.resolve(Shop);
for (const order of [
  { customer: 'ada', cents: 1_250 },
  { customer: 'ada', cents: 900 },
]) {
  const job = await shop.sell(order);
  say('shop', `hears: ${await job.result()}`);
}
const thanks = await shop.thank('ada');
await thanks.result();

say('app', 'is closed: what its workers have made is disposed');
await app.close();
