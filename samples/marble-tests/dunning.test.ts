/* oxlint-disable typescript/no-floating-promises -- node:test waits for its tests by itself */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defer, of } from 'rxjs';
import { crashMatrix, fakeStepJob, JobTestBed } from 'stepstream/testing';
import { TestScheduler } from 'rxjs/testing';
import { Dunning } from './dunning.js';
import { Mail } from './mail.js';
import { Payments } from './payments.js';

const invoice = { number: 'R-7', cents: 4_200 };
const bed = new JobTestBed({ processors: [Dunning] });

test('a customer who never pays is reminded after 3, 10 and 20 days, and given up after 30', () => {
  bed.run(({ provide, cold, add, expectJob }) => {
    provide(Payments, { charge: () => cold('2s (n|)', { n: false }), isPaid: () => of(false) });
    provide(Mail, { remind: () => of('sent'), giveUp: () => of('sent') });
    const job = add(Dunning, invoice);
    expectJob(job).toBe('2s (cd) 3d (rccd) 7d (rccd) 10d (rccd) 10d (rc|)', { '|': { result: 'given up' } });
  });
});

test('a card that is declined for good ends in no reminder when the customer has paid by transfer', () => {
  bed.run(({ provide, add, at, expectJob }) => {
    let paid = false;
    at('2d', () => (paid = true));
    provide(Payments, { charge: () => of(false), isPaid: () => defer(() => of(paid)) });
    provide(Mail, {});
    expectJob(add(Dunning, invoice)).toBe('(cd) 3d (rc|)', { '|': { result: 'paid' } });
  });
});

test('a payment service that is down is asked five times, with the same key', () => {
  bed.run(({ provide, cold, add, expectJob }) => {
    const keys = new Set<string>();
    provide(Payments, { charge: (_: unknown, key: string) => (keys.add(key), cold('#', {}, new Error('down'))) });
    provide(Mail, {});
    const job = add(Dunning, invoice);
    expectJob(job).toBe('x 1m (rx) 2m (rx) 4m (rx) 8m (r#)', { x: { step: 'charge', reason: 'down' } });
    return keys;
  });
});

test('one step by hand: the wait before the second reminder is seven days', () => {
  const scheduler = new TestScheduler(assert.deepEqual);
  scheduler.run(({ cold, expectObservable }) => {
    const dunning = new Dunning({ charge: () => of(true), isPaid: () => cold('1s (n|)', { n: false }) }, {} as Mail);
    const wait$ = fakeStepJob(invoice, { processor: dunning }, (job) =>
      dunning.wait(job, { paid: false, reminders: 1 }),
    );
    expectObservable(wait$).toBe(`${7 * 86_400 + 1}s (a|)`, { a: { paid: false, reminders: 1 } });
  });
});

test('wherever a worker is lost in those thirty days, nobody is charged, reminded or given up twice', () => {
  const matrix = crashMatrix(Dunning, invoice, {
    world: ({ provide, spy }) => {
      provide(Payments, spy('payments', { charge: () => of(false), isPaid: () => of(false) }, ['charge']));
      provide(Mail, spy('mail', { remind: () => of('sent'), giveUp: () => of('sent') }));
    },
  });
  assert.deepEqual(matrix.unsafe, [], String(matrix));
  assert.deepEqual(matrix.leaks, []);
  assert.equal(matrix.calm.outcome, 'given up');
});
