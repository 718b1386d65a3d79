/** Plain JavaScript that imports: functions as workers, a queue without an app, each entry in both ways. */
import { createRequire } from 'node:module';
import { firstValueFrom, of } from 'rxjs';
import { ConfigurationError, Processor, Queue, Step, Worker } from 'stepstream';
import { fakeStepJob } from 'stepstream/testing';

const queue = new Queue('mails');
const worker = new Worker('mails', async ({ data }) => `sent to ${data.to}`);
const job = await queue.add('welcome', { to: 'ada@example.com' }, { delay: 20 });
console.log('result:', await job.result());
await worker.close();
await queue.close();

console.log('by hand:', await firstValueFrom(fakeStepJob('books', {}, ({ data }) => of(`${data}: packed`))));

try {
  new Queue('mails', { conection: 'redis://127.0.0.1' });
} catch (error) {
  console.log('refused:', error instanceof ConfigurationError, error.code);
}

const require = createRequire(import.meta.url);
console.log('imported and required, they are one:', require('stepstream').Processor === Processor);
console.log('so is the testing kit:', require('stepstream/testing').fakeStepJob === fakeStepJob);
console.log('decorators are functions:', typeof Step());
console.log('version:', require('stepstream/package.json').version);
