import { concatMap, defer, finalize, forkJoin, of } from 'rxjs';
import { checkpoint, checkpointMap, delay, finish, goto } from 'stepstream';
import { processor } from '../support/processor.js';
import { counted, runJobOf } from '../support/run-step.js';
import { start, World } from '../support/world.js';

describe('guards without which all other tests were green (npm run mutate)', () => {
  it('S7: a note that was made above a gate is kept with it: no step between is run after a resume', () => {
    const between = counted(() => of('between'));
    const ran = runJobOf(
      processor({
        first: () => of('x').pipe(goto('third'), delay('1 day')),
        second: () => between.pipe(finish()),
        third: () => of('third'),
      }),
    );
    expect(ran).toMatchObject({ state: 'completed', result: 'third', activations: 2 });
    expect(between.runs).toBe(0);
  });

  it('S10: the grace and the waits begin anew when the job was known meanwhile', () => {
    let isOther = true;
    const stream = () => (isOther ? of('y').pipe(checkpoint()) : of('x').pipe(delay('1 day'), delay('1 day')));
    const day = 86_400_000;
    const ran = runJobOf(
      processor({
        only: () =>
          isOther ? stream() : stream().pipe(finalize(() => (isOther = !isOther))), // a roll-back after each parking
      }),
      undefined,
      {
        play({ at }) {
          isOther = false;
          at(day + 500, () => (isOther = false));
          at(2 * day + 1_500, () => (isOther = false));
        },
      },
    );
    expect(ran).toMatchObject({ state: 'completed', result: 'x' });
    // put back for a second on each day, though the second time is long after the first
    expect(ran.warnings).toHaveLength(2);
    expect(ran.end).toBe(2 * day + 2_000);
  });

  it('G3: a gate whose time comes while the parking write is under way does not pass: the job has left this worker', async () => {
    const world = new World();
    const effects: number[] = [];
    const stream = () =>
      forkJoin([
        of('x').pipe(
          delay(100),
          concatMap((value) => defer(() => (effects.push(world.clock.now()), of(value)))),
        ),
        world.timer(50).pipe(checkpoint()),
      ]);
    const one = await world.machine([processor({ only: stream })]);
    const job = await one.add();
    await world.settle();
    const held = one.spy.hold(({ method }) => method === 'moveToDelayed');
    await world.pass(60);
    expect(held.waiting).toHaveLength(1);
    await world.pass(60);
    expect(effects).toEqual([]);
    held.release();
    await expect(world.until(job.result())).resolves.toEqual(['x', 0]);
    expect(effects).toHaveLength(1);
  });

  it('W1: a result of checkpointMap is not passed on when its acknowledgement comes after the lease may have run out', async () => {
    const passed: unknown[] = [];
    const stream = () =>
      of('item').pipe(
        checkpointMap((item) => of(item)),
        concatMap((result) => of(passed.push(result))),
      );
    let isFirst = true;
    const { spy, clock, add, settle, until } = bound(
      await start([processor({ only: () => (isFirst ? ((isFirst = false), stream()) : of('taken over')) })]),
    );
    const held = spy.hold();
    const job = await add();
    await settle();
    held.release(); // the items
    await settle();
    expect(held.waiting).toHaveLength(1);
    clock.block(9_500);
    held.release(); // the result
    await Promise.resolve();
    await Promise.resolve();
    spy.around = (_, proceed) => proceed();
    await expect(until(job.result())).resolves.toBe('taken over');
    expect(passed).toEqual([]);
  });

  it('G8: a text that is too long for `ms` is an InvalidDurationError too', () => {
    expect(() => delay('1'.repeat(101))).toThrow(expect.objectContaining({ code: 'INVALID_DURATION' }));
  });
});

/** Methods that are called without their object. */
function bound<T extends World>(world: T): T {
  return new Proxy(world, {
    get: (target, key): unknown => {
      const member: unknown = Reflect.get(target, key);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
