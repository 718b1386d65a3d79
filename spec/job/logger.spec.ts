import { Writable } from 'node:stream';
import { pino } from 'pino';
import { NEVER, merge, of } from 'rxjs';
import { checkpoint, delay, StoreUnavailableError, type Logger } from 'stepstream';
import { processor } from '../support/processor.js';
import { start, type Machine, type World } from '../support/world.js';

type Line = Readonly<Record<string, unknown>>;

/** Real pino, and the lines that it has written. */
function realPino(): { readonly logger: Logger; readonly lines: () => readonly Line[] } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const lines = (): readonly Line[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { logger: pino({ base: null, timestamp: false }, stream), lines };
}

/** A gate that waits beside one whose source never ends: it is parked with a warning. */
const parkedAnyhow = processor(
  { wait: () => merge(of(1).pipe(delay('1 hour')), NEVER.pipe(checkpoint())) },
  { parkAfter: 1_000 },
);

const lost = processor({ only: () => of(1) });

async function warned(logger: Logger): Promise<World & Machine> {
  const world = await start([parkedAnyhow], { logger });
  await world.add('secret');
  await world.pass(1_000);
  return world;
}

describe('the option logger', () => {
  it('gives pino what a line is about as fields: the queue, the job, the step', async () => {
    const { logger, lines } = realPino();
    const world = await warned(logger);
    expect(lines()).toEqual([
      {
        level: 40,
        queue: 'work',
        jobId: '1',
        step: 'wait',
        msg: expect.stringContaining('has waited 1000 ms for checkpoint()'),
      },
    ]);
    await world.app.close();
  });

  it('gives pino the code of an error', async () => {
    const { logger, lines } = realPino();
    const world = await start([lost], {
      logger,
      prepare: (spy) => spy.failAt(({ method }) => method === 'claim', new StoreUnavailableError('no connection'), 1),
    });
    await world.until((await world.add()).result());
    expect(lines()).toEqual([
      { level: 50, queue: 'work', code: 'STORE_UNAVAILABLE', msg: 'worker of queue work: no connection' },
    ]);
    await world.app.close();
  });

  // Nest's Logger: spec/nestjs/stepstream-module.spec.ts
  it.each(['console', 'one that has no more than warn and error'] as const)(
    'gives %s the message alone',
    async (what) => {
      const calls: unknown[][] = [];
      const logger: Logger = what === 'console' ? Object.create(console) : { warn() {}, error() {} };
      logger.warn = (...args: unknown[]) => void calls.push(args);
      const world = await warned(logger);
      expect(calls).toEqual([[expect.stringContaining('has waited 1000 ms for checkpoint()')]]);
      await world.app.close();
    },
  );
});
