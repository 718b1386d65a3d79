import { readFile } from 'node:fs/promises';
import { concatMap, defer, of } from 'rxjs';
import { awaitChildren, delay } from 'stepstream';
import { JobTestBed } from 'stepstream/testing';
import { processor } from '../support/processor.js';

const imports = processor(
  {
    read: async () => (await readFile('package.json', 'utf8')).length > 0,
    wait: (_job, read) =>
      of(read).pipe(
        delay('3 days'),
        concatMap(async (value) => {
          await Promise.resolve();
          return `read: ${value}`;
        }),
      ),
  },
  { queue: 'imports' },
);

describe('the asynchronous mode', () => {
  it('lets time pass as it is told, and promises resolve in between', async () => {
    const bed = new JobTestBed({ processors: [imports] });
    const job = bed.add('imports', 1);
    await bed.advance(0);
    while (job.state === 'active') await bed.advance(0); // the file is read in real time
    bed.expectJob(job).toBe('(cd)');
    await bed.advance('2 days');
    expect(job.state).toBe('delayed');
    await bed.advance('1d');
    expect(job.result).toBe('read: true');
    bed.expectJob(job).toBe('(cd) 3d (r|)');
    bed.expectStep(job, 'wait').toBe('3d (a|)', { a: 'read: true' });
  });

  it('lets as much time pass as a job takes, and none while it waits for the real world', async () => {
    const bed = new JobTestBed({ processors: [imports] });
    const job = await bed.settled(bed.add('imports', 1));
    bed.expectJob(job).toBe('(cd) 3d (r|)', { '|': { result: 'read: true' } });
  });

  it('a line that differs throws at once', async () => {
    const bed = new JobTestBed({ processors: [imports] });
    const job = await bed.settled(bed.add('imports', 1));
    expect(() => bed.expectJob(job).toBe('(cd) 4d (r|)')).toThrow('received  (cd) 3d (r|)');
  });

  it('says so when a job will never settle, and how it stands', async () => {
    const orphaned = processor({ only: () => of(1).pipe(awaitChildren(() => ({ queue: 'nowhere', name: 'kid' }))) });
    const bed = new JobTestBed({ processors: [orphaned] });
    await expect(bed.settled(bed.add('work'))).rejects.toThrow(
      'job 1 of queue work will never settle: it is waiting-children, and nothing is left to happen; the last thing was: ' +
        'waiting-children at 0ms, in step only. Do its processors, and those of its children, belong to the bed?',
    );
  });

  it('machines, cancelling, and what is passed in are as in run', async () => {
    const bed = new JobTestBed({
      processors: [
        processor({ only: () => of(1).pipe(delay('1 hour')) }),
        processor({ other: () => defer(async () => 2) }, { queue: 'others' }),
      ],
    });
    bed.machine('first').lose();
    bed.machine('second');
    const job = bed.add('work');
    await bed.advance('1 minute');
    bed.cancel(job, 'enough');
    bed.expectJob(job).toBe('d 1m !', { d: { machine: 'second' }, '!': { reason: 'enough' } });
    expect((await bed.settled(bed.add('others'))).result).toBe(2);
    expect(bed.nth('others', 0).state).toBe('completed');
  });

  it('reset begins with an empty store, at the start of time', async () => {
    const bed = new JobTestBed({ processors: [imports], start: '2026-01-01' });
    await bed.settled(bed.add('imports', 1));
    bed.reset();
    const job = bed.add('imports', 1);
    expect(job.id).toBe('1');
    expect(job.record!.timestamp).toBe(Date.parse('2026-01-01'));
    bed.reset();
  });

  it('refuses a time that is none', async () => {
    const bed = new JobTestBed({ processors: [imports] });
    await expect(bed.advance('soon')).rejects.toThrow(
      "soon is no time to pass: give milliseconds, or text such as '3 days' or '1h 30m'",
    );
  });
});
