import type { Finding } from './round.js';
import type { Row } from './rows.js';
import type { SideName } from './workload.js';

/** @throws unless every round of every side has left the same jobs, in the same states, in Redis */
export function sameWork({ id }: Row, findings: ReadonlyMap<SideName, readonly Finding[]>): void {
  const counts = [...findings].flatMap(([side, all]) => all.map((finding) => [side, text(finding)] as const));
  const [first, ...others] = counts;
  const other = others.find(([, each]) => each !== first![1]);
  if (other) throw new Error(`${id}: not the same work: ${first!.join(' has ')}, ${other.join(' has ')}`);
}

const text = ({ counts }: Finding): string =>
  Object.entries(counts)
    .map(([set, jobs]) => `${jobs} ${set}`)
    .toSorted()
    .join(', ');
