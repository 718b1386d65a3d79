import type { Recovery } from '../engine.js';
import { scripts } from './scripts.js';
import type { Store } from './store.js';

/** Milliseconds after which to look again for those who died: sooner than their leases tell. */
const lookAgain = 1_000;

const later: Recovery = { recovered: [], mayStall: true, again: lookAgain };

type Answer = readonly [recovered: readonly string[], skip: number, owners: readonly string[]];

/** Puts back the jobs whose lease has run out, and those of workers whose connection is gone (W3). */
export async function recoverStalled(store: Store, queue: string, maxStalledCount: number): Promise<Recovery> {
  // who claims is told what is wrong with the queue
  if (!store.layouts.isFine(queue) && !(await store.layouts.check(queue).then(yes, no))) return later;
  const owners = store.ownersOf(queue);
  const dead = await owners.dead();
  const recovered: Recovery['recovered'][number][] = [];
  const seen = new Set<string>();
  let [first, more] = [0, true];
  while (more) {
    const args = [queue, maxStalledCount, dead.length, ...dead, first];
    const [moved, skip, holders] = (await store.ask(scripts.recover, args)) as unknown as Answer;
    for (let i = 0; i < moved.length; i += 2) {
      recovered.push({ jobId: moved[i]!, to: moved[i + 1] as 'waiting' | 'failed' });
    }
    for (const holder of holders) {
      if (store.isOther(holder)) seen.add(holder);
      else if (store.isForeign(holder)) store.layouts.warnOfOthers(queue);
    }
    first += skip;
    more = skip > 0;
  }
  owners.see([...seen]);
  return { ...later, recovered };
}

const yes = (): boolean => true;
const no = (): boolean => false;
