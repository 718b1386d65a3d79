import { asyncScheduler, of } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { createApp, delay, memoryEngine, type Clock } from 'stepstream';
import { openTelemetry } from 'stepstream/opentelemetry';
import { useOpenTelemetry } from '../support/open-telemetry.js';
import { processor } from '../support/processor.js';

const clock: Clock = {
  now: () => asyncScheduler.now(),
  after(ms, action) {
    const scheduled = asyncScheduler.schedule(action, ms);
    return () => scheduled.unsubscribe();
  },
};

describe('telemetry in virtual time', () => {
  const sdk = useOpenTelemetry();

  it("a whole job runs inside RxJS' TestScheduler, with its spans and figures, and not a microtask more", async () => {
    const steps = processor({ first: () => of(1), second: () => of(2).pipe(delay('30 days')) });
    new TestScheduler(() => {}).run(() => {
      const engine = memoryEngine({ clock });
      const telemetry = openTelemetry({ meterProvider: sdk().meterProvider });
      const app = createApp({ processors: [steps], connection: engine, telemetry });
      void app.start();
      void app.queue('work').add('run', {});
    });
    expect(sdk().spans.map(({ name, attributes }) => [name, attributes['stepstream.outcome']])).toEqual([
      ['add work', undefined],
      ['process work', 'delayed'],
      ['step first', 'finished'],
      ['step second', 'parked'],
      ['process work', 'completed'],
      ['step second', 'finished'],
    ]);
    expect((await sdk().figures())['stepstream.job.lateness']).toMatchObject([[{}, 2]]);
  });
});
