import { catchError, concatMap, from, map, of, range, timer, toArray } from 'rxjs';
import { awaitChildren, checkpoint, checkpointMap, createApp, type StepJob } from 'stepstream';
import type { JobRecord } from '../../src/engine/records.js';
import { processor, type Steps } from '../support/processor.js';
import { runJobOf, runStep } from '../support/run-step.js';
import { virtually } from '../support/virtual.js';

const kib = 1_024;
const mib = 1_024 * kib;

/** A text that takes so many bytes when it is stored: two are its quotes. */
const text = (bytes: number): string => 'x'.repeat(bytes - 2);

describe('L1: all that is saved of a job', () => {
  it('L1: gates that hold more than 8 MiB together are a CheckpointLimitError that names step and gate', () => {
    const ran = runStep(() => {
      let stream = of(text(mib));
      for (let i = 0; i < 9; i++) stream = stream.pipe(checkpoint());
      return stream;
    });
    expect(ran).toMatchObject({ state: 'failed', code: 'CHECKPOINT_LIMIT' });
    expect(ran.reason).toContain('checkpoint() at place 7 of step only');
    expect(ran.reason).toMatch(/8388608/);
  });

  it('L1: so are outputs, in a job of many steps; what was saved is kept', () => {
    const sizes = [1, 1, 1, 1, 1, 1, 0.9, 0.5, 0.25, 1].map((part) => Math.floor(part * mib));
    const steps: Steps = Object.fromEntries(sizes.map((size, i) => [`s${i}`, () => of(text(size))]));
    let failed: JobRecord | undefined;
    virtually([processor(steps)], (run) => {
      const id = run.add();
      run.startWorkers();
      run.after(1, () => (failed = run.get(id)));
    });
    expect(failed).toMatchObject({ state: 'failed', failedCode: 'CHECKPOINT_LIMIT' });
    expect(failed!.failedReason).toContain('step s9');
    expect([...failed!.checkpoint!.fields.keys()].filter((field) => field.startsWith('o:'))).toHaveLength(9);
  });

  it('L1: so are the results of checkpointMap', () => {
    const ran = runStep(() =>
      range(0, 9).pipe(
        checkpointMap(() => of(text(mib))),
        map(() => 0),
      ),
    );
    expect(ran).toMatchObject({ state: 'failed', code: 'CHECKPOINT_LIMIT' });
    expect(ran.reason).toContain('checkpointMap() at place 0 of step only');
  });

  it('L1: an emission replaces the one before: any number of them fits', () => {
    const ran = runStep(() => range(0, 20).pipe(concatMap((n) => timer(1).pipe(map(() => `${n}${text(mib - 2)}`)))));
    expect(ran.state).toBe('completed');
    expect(ran.events.filter((type) => type === 'progress')).toHaveLength(20);
  });

  it('L1: what a completion clears does not count: outputs of eight steps fit when they have less than 8 MiB', () => {
    const steps: Steps = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`s${i}`, () => of(text(1_000_000))]));
    expect(runJobOf(processor({ ...steps, last: () => of('fits') }))).toMatchObject({
      state: 'completed',
      result: 'fits',
    });
  });
});

describe('L2: one payload', () => {
  it('L2: an emission of 1 MiB is saved, one of a byte more is a PayloadTooLargeError that names the step', () => {
    expect(runStep(() => of(text(mib))).state).toBe('completed');
    const ran = runStep(() => of(text(mib + 1)));
    expect(ran).toMatchObject({ state: 'failed', code: 'PAYLOAD_TOO_LARGE' });
    expect(ran.reason).toContain('an emission of step only has 1048577 bytes');
  });

  it('L2: bytes are counted, not characters', () => {
    expect(runStep(() => of('€'.repeat(349_524))).state).toBe('completed'); // 1,048,574 bytes
    expect(runStep(() => of('€'.repeat(349_525))).code).toBe('PAYLOAD_TOO_LARGE');
  });

  it('L2: the values of a gate have 1 MiB together; the error names the gate', () => {
    const half = text(mib / 2);
    const gated = (...values: string[]) =>
      runStep(() =>
        from(values).pipe(
          checkpoint(),
          toArray(),
          map(() => 'fits'),
        ),
      );
    expect(gated(half, half)).toMatchObject({ state: 'completed', result: 'fits' });
    const ran = gated(half, half, text(3));
    expect(ran).toMatchObject({ state: 'failed', code: 'PAYLOAD_TOO_LARGE' });
    expect(ran.reason).toContain('checkpoint() at place 0 of step only');
  });

  it('L2: so does a result of checkpointMap, and the data of a child', () => {
    const mapped = runStep(() => of(1).pipe(checkpointMap(() => of(text(mib + 1)))));
    expect(mapped).toMatchObject({ state: 'failed', code: 'PAYLOAD_TOO_LARGE' });
    expect(mapped.reason).toContain('a result of checkpointMap() at place 0 of step only');
    const child = runStep(() => of(1).pipe(awaitChildren(() => ({ queue: 'kids', name: 'k', data: text(mib + 1) }))));
    expect(child).toMatchObject({ state: 'failed', code: 'PAYLOAD_TOO_LARGE' });
    expect(child.reason).toContain('child 0 of awaitChildren() at place 0 of step only');
  });

  it("L2: a job's data of more are refused when it is added", async () => {
    const app = createApp({ processors: [processor({ only: (job: StepJob<string>) => of(job.data.length) })] });
    await app.start();
    const queue = app.queue<string, number>('work');
    await expect(queue.add('j', text(mib + 1))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await expect((await queue.add('j', text(mib))).result()).resolves.toBe(mib - 2);
    await app.close();
  });

  it('L2: a value that is too large for its gate is an error of the stream: it can be caught', () => {
    const ran = runStep(() =>
      of(text(mib + 1)).pipe(
        checkpoint(),
        catchError((error: unknown) => of((error as { code: string }).code)),
      ),
    );
    expect(ran).toMatchObject({ state: 'completed', result: 'PAYLOAD_TOO_LARGE' });
  });
});

describe("L3: a watcher's event", () => {
  it.each([
    [8 * kib, true],
    [8 * kib + 1, false],
  ])('L3: of an emission of %d bytes it carries the size, and the emission itself: %p', (bytes, carried) => {
    const events: unknown[] = [];
    virtually([processor({ only: () => of(text(bytes)) })], (run) => {
      run.engine.events(run.queue, (event) => event.type === 'progress' && events.push(JSON.parse(event.data)));
      const id = run.add();
      run.startWorkers();
      run.after(1, () => expect(JSON.parse(run.get(id).returnvalue!)).toBe(text(bytes)));
    });
    expect(events).toEqual([
      {
        step: 'only',
        visit: 1,
        bytes,
        count: 1,
        at: 0,
        ...(carried && { emission: text(bytes) }),
      },
    ]);
  });
});
