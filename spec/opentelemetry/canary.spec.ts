import { Writable } from 'node:stream';
import { pino } from 'pino';
import { defer, EMPTY, merge, NEVER, of, tap, throwError } from 'rxjs';
import { awaitChildren, checkpoint, checkpointMap, createApp, delay, Queue, Worker, type StepJob } from 'stepstream';
import { openTelemetry } from 'stepstream/opentelemetry';
import { prometheus } from 'stepstream/prometheus';
import { engines } from '../support/engines.js';
import { useOpenTelemetry } from '../support/open-telemetry.js';
import { processor } from '../support/processor.js';

const canary = 'canary-4242-4242';

describe.each(engines)('what a payload says, %s', (_name, useConnection) => {
  const connection = useConnection();
  const sdk = useOpenTelemetry();

  it('X7: stands in no span, no figure and no line of the log: data, emissions, results, errors, rows, progress', async () => {
    const figures = prometheus();
    const telemetry = [openTelemetry({ meterProvider: sdk().meterProvider }), figures];
    let logged = '';
    const stream = new Writable({
      write(chunk, _encoding, done) {
        logged += String(chunk);
        done();
      },
    });
    const logger = pino(stream);
    const declined = class extends Error {
      override readonly name = canary;
    };
    let held = false;
    const holdOnce = () => (held ? EMPTY : ((held = true), NEVER)); // so that the job is parked with a warning
    const app = createApp({
      connection: connection(),
      telemetry,
      logger,
      processors: [
        processor(
          {
            charge: (job: StepJob) =>
              of(canary, { receipt: canary }).pipe(
                tap(() => job.log(canary)),
                checkpoint(),
              ),
            items: () => of([canary]).pipe(checkpointMap((item) => of(item))),
            ship: () => of(canary).pipe(awaitChildren((data) => ({ queue: 'parcels', name: 'ship', data }))),
            wait: (_job, shipped) => merge(of(shipped).pipe(delay(20)), defer(holdOnce).pipe(checkpoint())),
            fail: [{ attempts: 2 }, () => throwError(() => new declined(canary, { cause: { canary } }))],
          },
          { queue: 'orders', parkAfter: 5 },
        ),
        processor({ ship: () => of(canary) }, { queue: 'parcels' }),
      ],
    });
    await app.start();
    const queue = new Queue('mails', { connection: connection(), telemetry, logger });
    const worker = new Worker(
      'mails',
      async (job) => {
        await job.updateProgress({ canary });
        if (job.data.throws === 'json') throw JSON.parse(`{"constructor":{"name":"${canary}"}}`);
        if (job.data.throws) throw new Error(canary);
        return canary;
      },
      { connection: connection(), telemetry, logger },
    );
    const jobs = [
      await app.queue('orders').add('order', { card: canary }),
      await queue.add('mail', { canary }),
      await queue.add('mail', { canary, throws: 'error' }),
      await queue.add('mail', { canary, throws: 'json' }),
    ];
    await Promise.allSettled(jobs.map((job) => job.result()));
    const told = await figures.text();
    await Promise.all([app.close(), worker.close(), queue.close()]);
    const spans = sdk().spans.map(({ name, attributes, events, links, status }) => ({
      name,
      attributes,
      events,
      links,
      status,
    }));
    const seen = JSON.stringify([spans, await sdk().collect(), told, logged]);
    expect(seen).toContain('stepstream.step.name');
    expect(logged).toContain('has waited');
    expect(seen).not.toContain(canary);
  });
});
