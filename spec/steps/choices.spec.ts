import {
  concatMap,
  defaultIfEmpty,
  defer,
  map,
  merge,
  of,
  race,
  take,
  takeUntil,
  timeout,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import { checkpoint, delay } from 'stepstream';
import { processor } from '../support/processor.js';
import { runJobOf } from '../support/run-step.js';

/** Comes after 10 ms, and is saved as soon as it has come. */
const answer = (): Observable<string> =>
  timer(10).pipe(
    map(() => 'answer'),
    checkpoint(),
  );

const deadline = (): Observable<string> => of('deadline').pipe(delay(50));

/** The first call is answered in time, the others are not. */
function slowing(): () => Observable<string> {
  let calls = 0;
  return () => defer(() => timer(calls++ === 0 ? 10 : 60).pipe(map(() => 'answer')));
}

/** Made anew for each job, then called for each activation: what time or order decides, and decides otherwise after 50 ms. */
const choices: readonly (readonly [name: string, make: () => () => Observable<string>])[] = [
  ['race', () => () => race(deadline(), answer())],
  ['merge and take', () => () => merge(deadline(), answer()).pipe(take(1))],
  ['takeUntil', () => () => answer().pipe(takeUntil(deadline()), defaultIfEmpty('deadline'))],
  [
    'timeout',
    () => {
      const call = slowing();
      return () => call().pipe(timeout({ first: 50, with: () => of('deadline') }));
    },
  ],
  [
    'the order of merge',
    () => {
      const call = slowing();
      return () =>
        merge(call(), timer(50).pipe(map(() => 'deadline'))).pipe(
          toArray(),
          map(([first]) => first!),
        );
    },
  ],
];

/** Acts on the choice, fails once after it, and tries again when the deadline is long past. */
function act(choose: () => Observable<string>): { readonly effects: readonly string[]; readonly state: string } {
  const effects: string[] = [];
  const stream = (): Observable<string> =>
    choose().pipe(
      map((choice) => {
        effects.push(choice);
        if (effects.length === 1) throw new Error('after the effect, before it was saved');
        return choice;
      }),
    );
  const { state } = runJobOf(processor({ only: [{ attempts: 2, backoff: 90 }, stream] }));
  return { effects, state };
}

describe('G9: what time or order decides', () => {
  it.each(choices)('G9: %s, saved before it is acted on, is the same in every activation', (_, make) => {
    const choose = make();
    const { effects, state } = act(() => choose().pipe(checkpoint()));
    expect(state).toBe('completed');
    expect(effects).toHaveLength(2);
    expect(new Set(effects).size).toBe(1);
  });

  it.each(choices)('G9: %s may be decided otherwise after an interruption when it was not saved', (_, make) => {
    const { effects } = act(make());
    expect(new Set(effects)).toEqual(new Set(['answer', 'deadline']));
  });

  it('G9: what was saved of the losers changes nothing', () => {
    const effects: string[] = [];
    const stream = (): Observable<unknown> =>
      race(deadline(), answer()).pipe(
        checkpoint(),
        delay(100), // the deadline comes while the job sleeps
        concatMap((choice) => of(effects.push(choice))),
      );
    expect(runJobOf(processor({ only: stream }))).toMatchObject({ state: 'completed', end: 110 });
    expect(effects).toEqual(['answer']);
  });
});
