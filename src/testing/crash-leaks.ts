import { isDeepStrictEqual } from 'node:util';
import { playPlan, type Plan, type Played, type Scene } from './crash-play.js';

/** A job whose every write is its machine's last. */
const everyWrite: Plan = { lostAt: 'every', when: 'after', takeOver: 0 };

/**
 * Looks for state that a job leaves where a resumed one doesn't find it: in fields of the instance (a fresh one after each
 * write goes another way than the same one), in variables of a step (gates that pass in place go another way than those
 * that resume), or in the module (the same job again goes another way).
 */
export function leaksOf(scene: Scene, calm: Played): { readonly found: readonly string[]; readonly plans: number } {
  const found: string[] = [];
  let plans = 0;
  const play = (plan: Plan): Played => {
    plans++;
    return playPlan(scene, plan);
  };

  const again = play({});
  if (!alike(calm, again))
    found.push(`state in the module: run a second time, the job came to ${ending(again)}, not ${ending(calm)}`);

  const fresh = play(everyWrite);
  if (!alike(calm, fresh)) {
    const isField = alike(calm, play({ ...everyWrite, shared: true }));
    const where = isField ? 'state in instance fields' : 'state in variables, or a choice that was not saved';
    found.push(
      `${where}: resumed in a fresh instance after every write, the job came to ${ending(fresh)}, not ${ending(calm)}`,
    );
  }

  if (!calm.writes.some(({ type }) => type === 'waiting-children')) {
    const stayed = play({ inPlace: true });
    if (!alike(calm, stayed)) {
      found.push(
        `state in variables of a step: had it never left its worker, the job would have come to ${ending(stayed)}, not ${ending(calm)}`,
      );
    }
  }
  return { found, plans };
}

/** The same end, and the same effects; how often is for the matrix to say. */
function alike(calm: Played, played: Played): boolean {
  const labels = (each: Played): readonly string[] => [...each.effects.keys()].toSorted();
  return (
    played.state === calm.state &&
    isDeepStrictEqual(played.outcome, calm.outcome) &&
    isDeepStrictEqual(labels(played), labels(calm))
  );
}

function ending({ state, outcome, effects }: Played): string {
  const value = outcome === undefined ? 'undefined' : JSON.stringify(outcome);
  return `${state} with ${value.length > 80 ? `${value.slice(0, 79)}…` : value} after ${[...effects.keys()].join(', ') || 'no effects'}`;
}
