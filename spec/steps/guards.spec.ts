import { concatMap, defer, forkJoin, of } from 'rxjs';
import { checkpoint, checkpointMap, delay, finish, goto } from 'stepstream';
import { processor } from '../support/processor.js';
import { counted, runJobOf } from '../support/run-step.js';
import { World } from '../support/world.js';

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
    const day = 86_400_000;
    let isOther = false;
    const stream = () => (isOther ? of('y').pipe(checkpoint()) : of('x').pipe(delay('1 day'), delay('1 day')));
    const ran = runJobOf(processor({ only: stream }), undefined, {
      play({ at }) {
        at(1, () => (isOther = true));
        at(day + 500, () => (isOther = false));
        at(day + 1_500, () => (isOther = true));
        at(2 * day + 1_500, () => (isOther = false));
      },
    });
    // put back for a second each time, though the second time is a day after the first
    expect(ran).toMatchObject({ state: 'completed', result: 'x', end: 2 * day + 2_000 });
    expect(ran.warnings).toHaveLength(2);
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
    await world.pass(60); // the worker claims the job again: it has left
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
    const world = new World();
    const one = await world.machine([processor({ only: stream })]);
    const held = one.spy.hold();
    const job = await one.add();
    await world.settle();
    held.release(); // the items are saved
    await world.settle();
    expect(held.waiting).toHaveLength(1);
    one.spy.around = (_, proceed) => proceed();
    world.clock.block(9_500);
    held.release(); // the result is saved
    await expect(world.until(job.result())).resolves.toBe(1);
    expect(passed).toEqual(['item']); // by the activation that has taken over
  });
});
