import {
  concat,
  delay as rxjsDelay,
  firstValueFrom,
  interval,
  map,
  merge,
  NEVER,
  of,
  take,
  timer,
  type Observable,
} from 'rxjs';
import { awaitChildren, checkpoint, delay, Processor, Step, Worker, type Class, type StepJob } from 'stepstream';
import type { Call } from '../support/spy-engine.js';
import { virtually, type VirtualRun } from '../support/virtual.js';
import { start, World } from '../support/world.js';

/** The warnings of one job whose step returns this, after so many seconds; the lock's duration is 10 s. */
function warningsOf(
  step: (job: StepJob) => unknown,
  seconds = 60,
  options: Parameters<typeof virtually>[2] = {},
): readonly string[] {
  @Processor('orders')
  class Orders {
    @Step() work(job: StepJob): Observable<unknown> {
      return step(job) as Observable<unknown>;
    }
  }
  return played([Orders], seconds, options).warnings;
}

function played(
  processors: readonly Class[],
  seconds: number,
  options: Parameters<typeof virtually>[2] = {},
): VirtualRun {
  let its!: VirtualRun;
  virtually(
    processors,
    (run) => {
      its = run;
      run.add(1);
      const workers = run.startWorkers();
      run.at(seconds * 1_000, () => workers.forEach((worker) => void worker.close({ grace: 0 })));
    },
    options,
  );
  return its;
}

/** One value, `ms` from now, and not by way of a gate. */
const later = (ms: number): Observable<number> => timer(ms);

describe('STEP_IDLE', () => {
  it('warns once of a step that does nothing for a whole lockDuration, with queue, job, step, cause and way out', () => {
    const warnings = warningsOf(() => of('paid').pipe(rxjsDelay(45_000)));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^STEP_IDLE: step work of job 1 of queue orders .* for 10000 ms \(lockDuration\)/);
    expect(warnings[0]).toContain("import delay from 'stepstream'");
  });

  it.each<[string, () => unknown]>([
    ['an Observable that never completes', () => NEVER],
    ['a promise that waits', () => new Promise(() => {})],
    ['silence after an emission', () => merge(of('begun'), NEVER)],
    ['silence behind a gate that has passed', () => of(1).pipe(checkpoint(), rxjsDelay(45_000))],
    ['silence above a gate', () => NEVER.pipe(delay('3 days'))],
  ])('warns of %s', (_, step) => {
    expect(warningsOf(step)).toEqual([expect.stringContaining('STEP_IDLE')]);
  });

  it('warns when the silence has lasted for lockDuration, and not before', () => {
    const silent = (ms: number): readonly string[] => warningsOf(() => later(ms));
    expect(silent(9_900)).toEqual([]);
    expect(silent(13_000)).toHaveLength(1);
  });

  it('warns in each visit of a step anew', () => {
    @Processor('orders')
    class Orders {
      @Step() first(): Observable<number> {
        return later(20_000);
      }
      @Step() second(): Observable<number> {
        return later(20_000);
      }
    }
    const { warnings } = played([Orders], 60);
    expect(warnings.map((warning) => /step \w+/.exec(warning)?.[0])).toEqual(['step first', 'step second']);
  });

  it.each<[string, () => unknown]>([
    ['emits now and then', () => interval(9_000).pipe(take(6))],
    [
      'emits undefined now and then',
      () =>
        interval(9_000).pipe(
          map(() => undefined),
          take(6),
        ),
    ],
    [
      'saves now and then',
      () =>
        concat(
          ...[1, 2, 3, 4, 5].map((each) =>
            later(9_000).pipe(
              map(() => each),
              checkpoint(),
            ),
          ),
        ),
    ],
    ['sleeps in the store', () => of(1).pipe(delay('50 s'))],
    ['ends', () => of(1)],
  ])('does not warn of a step that %s', (_, step) => {
    expect(warningsOf(step)).toEqual([]);
  });

  it('does not warn while a gate waits beside work: what parkAfter does is told by its own warning', () => {
    const warnings = warningsOf(() => merge(NEVER.pipe(checkpoint()), of(1).pipe(delay('1 h'))), 29);
    expect(warnings).toEqual([expect.stringContaining('has waited 20000 ms')]);
  });

  it('counts from the end of a wait of a gate that has passed in place', () => {
    const waitThenWork = (ms: number) => () =>
      merge(later(30_000).pipe(checkpoint()), of(1).pipe(delay('15 s'), rxjsDelay(ms)));
    expect(warningsOf(waitThenWork(9_000), 60)).toEqual([]);
  });

  it.each<[string, Call['method']]>([
    ['takes its time with a write', 'checkpoint'],
    ['takes its time to tell of the children', 'children'],
  ])('does not warn while the store %s', async (_, method) => {
    @Processor('parcels')
    class Parcels {
      @Step() ship(): Observable<string> {
        return of('shipped');
      }
    }
    @Processor('orders')
    class Orders {
      @Step() work(): Observable<unknown> {
        return of(1).pipe(
          checkpoint(),
          awaitChildren(() => ({ queue: Parcels, name: 'ship', data: 1 })),
        );
      }
    }
    const machine = await start([Orders, Parcels]);
    const held = machine.spy.hold((call) => call.method === method);
    const job = await machine.add();
    await machine.pass(60_000);
    expect(held.waiting).not.toHaveLength(0);
    expect(machine.logged).toEqual([]);
    while (held.waiting.length > 0) {
      held.release();
      await machine.settle();
    }
    await expect(machine.until(job.result())).resolves.toEqual(['shipped']);
    await machine.until(machine.app.close({ grace: 0 }));
  });

  it('does not warn of a function: how long it may run, it knows best', async () => {
    const world = new World();
    const logged: string[] = [];
    const note = (message: string): void => void logged.push(message);
    const slow = async (): Promise<string> => firstValueFrom(world.timer(100_000).pipe(map(() => 'done')));
    const options = { connection: world.engine, logger: { warn: note, error: note } };
    const worker = new Worker('calls', slow, options);
    const job = await world.client.queue('calls').add('call', 1);
    await expect(world.until(job.result())).resolves.toBe('done');
    expect(logged).toEqual([]);
    await world.until(worker.close());
  });

  it('costs no timer of its own', async () => {
    @Processor('orders', { concurrency: 10 })
    class Orders {
      @Step() work(): Observable<never> {
        return NEVER;
      }
    }
    const machine = await start([Orders]);
    const timersWith = async (jobs: number): Promise<number> => {
      for (let added = 0; added < jobs; added++) await machine.add();
      await machine.settle();
      return machine.clock.pending;
    };
    expect(await timersWith(1)).toBe(await timersWith(9)); // the renewal of all leases
    await machine.pass(60_000);
    expect(machine.logged).toHaveLength(10);
    await machine.until(machine.app.close({ grace: 0 }));
  });
});
