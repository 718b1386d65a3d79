import { concatMap, defer, from, map, NEVER, of, timer } from 'rxjs';
import { delay } from 'stepstream';
import { JobTestBed, type Pinned } from 'stepstream/testing';
import { processor } from '../support/processor.js';

const bed = new JobTestBed({
  processors: [
    processor(
      {
        charge: (job) => of({ receipt: job.data }),
        remind: (_job, receipt) => of(receipt).pipe(delay('3 days')),
        close: (_job, receipt) =>
          of(receipt).pipe(
            delay('90 minutes'),
            map(() => 'closed'),
          ),
      },
      { queue: 'dunning' },
    ),
  ],
});

/** What a wrong line prints. */
function printed(line: string, values?: Record<string, Pinned>): string {
  return messageOf(() => bed.run(({ add, expectJob }) => expectJob(add('dunning', 7)).toBe(line, values)));
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

describe('what a line that differs prints', () => {
  it('a time: both lines, aligned, with a mark under the first difference, and both times', () => {
    expect(printed('(cd) 7d (rcd) 1h 30m (r|)')).toBe(
      `job dunning 1 did not go as drawn:

  expected  (cd) 7d (rcd) 1h 30m (r|)
  received  (cd) 3d (rcd) 1h 30m (r|)
                 ^

r (resumed) at 3d:
    time  expected '7d'
          received '3d'`,
    );
  });

  it('an event of another kind', () => {
    expect(printed('(cd) 3d (r|)')).toBe(
      `job dunning 1 did not go as drawn:

  expected  (cd) 3d (r|)
  received  (cd) 3d (rcd) 1h 30m (r|)
                      ^

| (completed) at 3d was expected, and there came: checkpoint at 3d, in step remind, emission { receipt: 7 }, output { receipt: 7 }`,
    );
  });

  it('an event too many, and one too few', () => {
    expect(printed('(cd) 3d (rcd)')).toContain(
      `
  expected  (cd) 3d (rcd)
  received  (cd) 3d (rcd) 1h 30m (r|)
                                  ^

then came, unexpected: resumed at 3d 1h 30m, in step close`,
    );
    expect(printed('(cd) 3d (rcd) 90m (r|) 2d d')).toContain(
      `
  expected  (cd) 3d (rcd) 90m (r|) 2d d
  received  (cd) 3d (rcd) 90m (r|)
                                      ^

then d (delayed) at 5d 1h 30m was expected, and nothing came`,
    );
  });

  it('a value: the letter, and the members that differ', () => {
    const values = { D: { type: 'delayed', step: 'close', due: '4d' }, '|': { result: { paid: true, by: ['card'] } } };
    expect(printed('(cd) 3d (rcD) 1h 30m (r|)', values)).toBe(
      `job dunning 1 did not go as drawn:

  expected  (cd) 3d (rcD) 1h 30m (r|)
  received  (cd) 3d (rcD) 1h 30m (r|)
                       ^

D (delayed) at 3d:
    due  expected '4d'
         received '3d 1h 30m'`,
    );
    expect(printed('(cd) 3d (rcd) 1h 30m (r|)', { '|': { result: { paid: true, by: ['card'] } } })).toContain(
      `
| (completed) at 3d 1h 30m:
    result  expected { paid: true, by: [ 'card' ] }
            received 'closed'`,
    );
  });

  it('how jobs stand that have not come to their end, and what was warned of', () => {
    const stays = (): unknown => bed.run(({ add, expectJob }) => expectJob(add('nobody', 7)).toBe('|'));
    expect(messageOf(stays)).toBe(
      `job nobody 1 did not go as drawn:

  expected  |
  received
            ^

then | (completed) at 0ms was expected, and nothing came

in the end, job nobody 1 is waiting`,
    );
    const renamed = new JobTestBed({
      processors: [processor({ only: () => of(1) }, { queue: 'dunning', job: 'other', unknownStepGrace: 1 })],
    });
    expect(messageOf(() => renamed.run(({ add, expectJob }) => expectJob(add('dunning', 7)).toBe('|')))).toContain(
      '\n\nwarned: job 1 is put back: no processor of queue dunning takes jobs named "job"',
    );
  });

  it('all lines that differ, in one error', () => {
    const both = messageOf(() =>
      bed.run(({ add, expectJob }) => {
        for (const data of [1, 2]) expectJob(add('dunning', data)).toBe('#');
      }),
    );
    expect(both).toMatch(/job dunning 1 did not go as drawn:[^]*job dunning 2 did not go as drawn:/);
  });

  it('an emission of a step', () => {
    const wrong = (line: string, values?: Record<string, unknown>): string =>
      messageOf(() => bed.run(({ add, expectStep }) => expectStep(add('dunning', 7), 'close').toBe(line, values)));
    expect(wrong('3d 1h 30m (p|)', { p: 'paid' })).toBe(
      `step close of job dunning 1 did not emit as drawn:

  expected  3d 1h 30m (p|)
  received  3d 1h 30m (?|)
                       ^

    expected 'paid' at 3d 1h 30m
    received 'closed' at 3d 1h 30m`,
    );
    expect(wrong('3d (c|)', { c: 'closed' })).toContain("received 'closed' at 3d 1h 30m");
    expect(wrong('3d 90m (c|) 1d #', { c: 'closed' })).toContain(
      'expected an error at 4d 1h 30m\n    received nothing more',
    );
  });

  it('the error leads to the line of the test that expects', () => {
    const line = Number(/:(\d+):\d+\)?$/m.exec(new Error('here').stack!)![1]) + 3;
    let stack = '';
    try {
      bed.run(({ add, expectJob }) => expectJob(add('dunning', 7)).toBe('#'));
    } catch (error) {
      stack = (error as Error).stack!;
    }
    expect(stack.split('\n').find((row) => row.startsWith('    at '))).toContain(`failure-messages.spec.ts:${line}:`);
  });
});

describe('what is wrong with a scene is said at once', () => {
  it('a letter that stands for nothing', () => {
    expect(printed('(cq) 3d')).toBe(
      '"q" in the line "(cq) 3d" stands for nothing. Letters are c checkpoint, d delayed, w waiting-children, r resumed, ' +
        "x retried, s stalled, b put-back, | completed, # failed, ! cancelled; others get a meaning in the values: { q: { type: 'checkpoint', step: '…' } }",
    );
  });

  it('a job that can not be added, with the faults of its options', () => {
    expect(messageOf(() => bed.run(({ add }) => add('dunning', 7, { attempts: -1 })))).toMatch(
      /^the job was not added: [^]*attempts must be a whole number from 0 up/,
    );
  });

  it('an async scene', () => {
    expect(messageOf(() => bed.run(async () => {}))).toBe(
      'what run plays must not be async: use await bed.advance(…) for promises',
    );
  });

  it('a processor that can not be made, or only later', () => {
    const made = processor({ only: () => of(1) });
    const nothing = {
      get: () => {
        throw new Error('no card');
      },
    };
    expect(messageOf(() => new JobTestBed({ processors: [made], resolver: nothing }).run(() => {}))).toBe(
      'Made could not be made: no card\nPass in what it needs, provide(Service, fake), or itself: provide(Made, new Made(…)).',
    );
    const later = { get: async () => made };
    expect(messageOf(() => new JobTestBed({ processors: [made], resolver: later }).run(() => {}))).toBe(
      'the container answers with a promise when it makes Made: pass it in, provide(Made, new Made(…))',
    );
  });
});

describe('what virtual time has no room for', () => {
  const stuck = (stream: () => unknown): string =>
    messageOf(() =>
      new JobTestBed({ processors: [processor({ first: () => of(1), second: stream })] }).run(({ add }) => add('work')),
    );

  it.each([
    ['an async step', async () => 1],
    ['a promise in the stream', () => defer(async () => 1)],
    [
      'a promise behind a gate',
      () =>
        of(1).pipe(
          delay('3 days'),
          concatMap(() => from(Promise.resolve(1))),
        ),
    ],
    ['a stream without end', () => NEVER],
  ])('%s is told of, with job and step, in bounded time', (_, stream) => {
    expect(stuck(stream)).toBe(
      `job 1 of queue work is still active in step second, but nothing is left to happen in virtual time.

Most likely its stream waits for a promise (an async function, from(promise), defer(async …)), which resolves in real time only:
  - in what the test passes in, return an Observable made with cold(…) or of(…) in its place;
  - or test that code in the asynchronous mode: await bed.advance(…), await bed.settled(job).
If not, its stream never ends (NEVER, a Subject that nobody completes): let it end, or cancel the job.`,
    );
  });

  it("rxjs' own timers of months, which hold a worker", () => {
    expect(stuck(() => timer(90 * 86_400_000))).toMatch(
      /^After \d+d .* of virtual time the bed is still at work, and stops here\. Active is job 1 of queue work in step second: rxjs' own delay and timer hold a worker/,
    );
  });

  it('a promise that resolves after the run changes nothing any more', async () => {
    let resolve!: (value: number) => void;
    const later = new Promise<number>((done) => (resolve = done));
    expect(stuck(() => later)).toContain('still active');
    resolve(1);
    await later;
  });
});

describe('with an assertion function of the test runner', () => {
  it('calls it with both lines, and with the message when they differ', () => {
    const calls: unknown[][] = [];
    const own = new JobTestBed({
      processors: [processor({ only: () => of(1) })],
      assert: (...call) => void calls.push(call),
    });
    own.run(({ add, expectJob, expectStep }) => {
      expectJob(add('work')).toBe('|');
      expectJob(add('work')).toBe('1s #');
      expectStep(add('work'), 'only').toBe('(a|)', { a: 2 });
    });
    expect(calls.map(([received, expected, message]) => [received, expected, typeof message])).toEqual([
      ['|', '|', 'undefined'],
      ['|', '1s #', 'string'],
      ['(?|)', '(a|)', 'string'],
    ]);
  });
});
