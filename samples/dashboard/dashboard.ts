import { createBullBoard } from '@bull-board/api';
import { ExpressAdapter } from '@bull-board/express';
import express, { type Express } from 'express';
import type { App } from 'stepstream';
import { StepstreamAdapter } from 'stepstream/bull-board';
import { Orders, Parcels } from './shop.js';

/** An express app with the board of the app's queues. */
export function dashboardOf(app: App): Express {
  const serverAdapter = new ExpressAdapter();
  createBullBoard({
    serverAdapter,
    queues: [
      new StepstreamAdapter(app.queue(Orders), { description: 'Charged, sent, and asked about after three days' }),
      new StepstreamAdapter(app.queue(Parcels), { description: 'Children of the orders' }),
      new StepstreamAdapter(app.queue('stock')),
      new StepstreamAdapter(app.queue('letters'), { readOnlyMode: true }),
    ],
    options: { uiConfig: { boardTitle: 'The bookshop' } },
  });
  return express().use('/', serverAdapter.getRouter());
}
