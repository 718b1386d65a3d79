import type { App } from 'stepstream';
import { Orders, Parcels, type Order } from './shop.js';

/** Jobs in every state. They have ids of their own: on a Redis that has them already, nothing is added. */
export async function addJobs(app: App): Promise<void> {
  const order = (jobId: string, data: Order) => ({ name: 'order', data, opts: { jobId } });
  await app.queue(Orders).addBulk([
    order('michael', { customer: 'Michael', titles: ['Momo'] }), // sleeps until he is asked for a review
    order('astrid', { customer: 'Astrid', titles: ['Ronja'] }), // fails once
    order('robinson', { customer: 'Robinson', titles: ['Momo', 'Krabat'], byShip: true }), // waits for two parcels
  ]);
  await app.queue(Parcels).add('gift', { title: 'a gift card' }, { jobId: 'gift' }); // completes

  const stock = app.queue('stock');
  await stock.add('count', {}, { jobId: 'count' }); // is active for a while
  await stock.upsertJobScheduler('nightly', { pattern: '0 3 * * *', tz: 'Europe/Vienna' }, { name: 'count' });

  const letters = app.queue<string>('letters');
  await letters.pause();
  await letters.addBulk([
    { name: 'letter', data: 'Dear reader', opts: { jobId: 'reader' } }, // waits
    { name: 'letter', data: 'Dear author', opts: { jobId: 'author', priority: 1 } }, // waits, and goes first
  ]);
}
