import { concatMap, forkJoin, of, timer } from 'rxjs';
import { checkpoint, delay } from 'stepstream';
import { JobTestBed } from 'stepstream/testing';
import { processor } from '../support/processor.js';

describe('a job that resumes for the first of two delays', () => {
  const bed = new JobTestBed({
    processors: [
      processor({
        both: () =>
          forkJoin([
            of('left').pipe(delay('10 s')),
            of('right').pipe(
              delay('9 s'),
              concatMap(() => timer(8_000)),
              checkpoint(),
            ),
          ]),
      }),
    ],
  });

  it('G4: lets the second one pass in place when it is due, while the work behind the first goes on', () => {
    bed.run(({ add, expectJob }) => {
      expectJob(add('work')).toBe('d 9s r 8s (c|)', { '|': { result: ['left', 0] } });
    });
  });
});
