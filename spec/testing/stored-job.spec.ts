import { concatMap, from, map, of, timer } from 'rxjs';
import { awaitChildren, checkpoint, createApp, delay, Processor, Step, type Class, type StepJob } from 'stepstream';
import { JobTestBed, saveJob, type StoredJob } from 'stepstream/testing';
import { processor } from '../support/processor.js';

const queue = 'orders';

/** What ran in production: charges, waits three days, asks. */
const before = processor(
  {
    charge: (job) => of(`receipt ${job.data}`),
    review: (_job, receipt) =>
      of(receipt).pipe(
        checkpoint(),
        delay('3 days'),
        map((text) => `asked for ${text}`),
      ),
  },
  { queue },
);

function after(steps: Parameters<typeof processor>[0]): JobTestBed {
  return new JobTestBed({ processors: [processor(steps, { queue })], start: stored.at });
}

function inFlight(processors: readonly Class[], until: string): StoredJob {
  const bed = new JobTestBed({ processors, start: '2026-01-01' });
  return bed.run(({ add }) => add(queue, 7), { until }).save();
}

const stored = inFlight([before], '1d');

describe('a stored job', () => {
  it('is plain JSON, and comes from a running app, too', async () => {
    expect(JSON.parse(JSON.stringify(stored))).toEqual(stored);
    expect(stored).toMatchObject({
      queue,
      id: '1',
      state: 'delayed',
      due: Date.parse('2026-01-04'),
      at: Date.parse('2026-01-02'),
    });
    const app = createApp({ processors: [before] });
    await app.start();
    const job = await app.queue(queue).add('job', 1);
    await new Promise((resolve) => job.progress$.subscribe(resolve));
    const saved = await saveJob(app.engine, queue, job.id);
    expect(saved.checkpoint!.fields).toHaveProperty('o:charge', '"receipt 1"');
    await app.close();
  });

  it('resumes in the code that saved it, after the time that is left', () => {
    const bed = new JobTestBed({ processors: [before], start: stored.at });
    bed.run(({ load, expectJob }) => {
      expectJob(load(stored)).toBe('2d (r|)', { '|': { result: 'asked for receipt 7' } });
    });
  });

  it('S10: resumes when steps were added around it, or renamed with `was`', () => {
    const bed = after({
      weigh: () => of('never'),
      charge: () => of('never'),
      ask: [
        { was: ['review'] },
        (_job, receipt) =>
          of(receipt).pipe(
            checkpoint(),
            delay('1 hour'),
            map((text) => `now: ${text}`),
          ),
      ],
      thank: (_job, asked) => of(`${asked}, thanked`),
    });
    bed.run(({ load, expectJob }) => {
      expectJob(load(stored)).toBe('2d (rc|)', {
        '|': { result: 'now: receipt 7, thanked', visit: 3 },
      });
    });
  });

  it('G5: resumes when gates were added after the last one, and is put back when they were reordered', () => {
    after({
      charge: () => of('never'),
      review: (_job, receipt) =>
        of(receipt).pipe(
          checkpoint(),
          delay('3 days'),
          checkpoint(),
          map((text) => `now: ${text}`),
        ),
    }).run(({ load, expectJob }) => {
      expectJob(load(stored)).toBe('2d (rc|)', { '|': { result: 'now: receipt 7' } });
    });
    after({
      charge: () => of('never'),
      review: (_job, receipt) => of(receipt).pipe(delay('3 days'), checkpoint()),
    }).run(
      ({ load, expectJob }) => {
        expectJob(load(stored)).toBe('2d (rb) 1s (rb) 2s (rb) 4s (rb)');
      },
      { until: '2d 10s' },
    );
  });

  it('S10: is put back when its step is gone, and fails after the grace with UnknownStepError, its checkpoint intact', () => {
    const bed = after({ charge: () => of('never') });
    const job = bed.run(({ load }) => load(stored));
    expect(job.events.at(-1)).toMatchObject({ type: 'failed', code: 'UNKNOWN_STEP' });
    expect(job.save().checkpoint!.fields).toEqual(stored.checkpoint!.fields);
  });

  it('keeps attempts, and the due time of a retry', () => {
    const flaky = processor(
      {
        only: [
          { attempts: 3, backoff: 3_600_000 },
          () =>
            from([1]).pipe(
              map(() => {
                throw new Error('no');
              }),
            ),
        ],
      },
      { queue },
    );
    const twice = inFlight([flaky], '90m');
    expect(twice).toMatchObject({ attemptsMade: 2, state: 'delayed' });
    new JobTestBed({ processors: [flaky], start: twice.at }).run(({ load, expectJob }) => {
      expectJob(load(twice)).toBe('30m (r#)', { '#': { reason: 'no' } });
    });
  });

  it('brings its children: finished ones keep their results, others run', () => {
    @Processor('kids', { concurrency: 2 })
    class Kids {
      @Step() work(job: StepJob<number>) {
        return timer(job.data * 86_400_000).pipe(map(() => job.data * 10));
      }
    }
    @Processor(queue)
    class Parents {
      @Step() family() {
        return of(0.1, 0.2, 2).pipe(
          awaitChildren((data) => ({ queue: Kids, name: 'kid', data })),
          concatMap((all) => of(all.join())),
        );
      }
    }
    const family = inFlight([Parents, Kids], '1d');
    expect(family.children!.map(({ status }) => status)).toEqual(['completed', 'completed', 'pending']);
    new JobTestBed({ processors: [Parents, Kids], start: family.at }).run(({ load, nth, expectJob }) => {
      expectJob(load(family)).toBe('2d (r|)', { '|': { result: '1,2,20' } });
      expectJob(nth(Kids, 2)).toBe('2d |');
    });
  });

  it('says so when the bed begins before it was stored', () => {
    const bed = new JobTestBed({ processors: [before] });
    expect(() => bed.run(({ load }) => load(stored))).toThrow(
      "job 1 was stored at 2026-01-02T00:00:00.000Z, and virtual time begins earlier: give the bed { start: '2026-01-02T00:00:00.000Z' }",
    );
  });
});
