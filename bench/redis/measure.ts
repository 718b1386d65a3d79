import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Options } from './options.js';
import { profileDigest } from './profile-digest.js';
import { runRound, type Finding, type Run } from './round.js';
import { sidesOf, type Row } from './rows.js';
import { sameWork } from './same-work.js';
import { summaryOf } from './summary.js';
import type { Result } from './table.js';
import type { SideName } from './workload.js';

/** Milliseconds that a round may take. */
const limit = 180_000;

/** Runs a row's rounds, the sides in turn within each. */
export async function measure(row: Row, url: string, options: Options): Promise<Result> {
  const sides = sidesOf(row).filter((side) => options.sides.includes(side));
  if (options.profile) await mkdir(options.profile, { recursive: true });
  const findings = new Map<SideName, Finding[]>(sides.map((side) => [side, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const side of sides) {
      if (side === 'bullmq' && row.quoted && !(options.slow && round === 0)) continue;
      const profile =
        options.profile && row.kind !== 'latency' && join(options.profile, `${row.id}-${side}.cpuprofile`);
      const [finding] = await runRound({ url, side, runs: [runOf(row)], ...(profile && { profile }) }, limit);
      findings.get(side)!.push(finding!);
      console.error(`${row.id} ${round + 1}/${options.rounds} ${side}: ${brief(finding!)}`);
      if (profile) console.error(await profileDigest(profile));
    }
  }
  sameWork(row, findings);
  const run = [...findings].filter(([, all]) => all.length > 0);
  return { row, sides: Object.fromEntries(run.map(([side, all]) => [side, summaryOf(row, all)])) };
}

const runOf = ({ id, workload, load, warmUp }: Row): Run => ({ row: id, workload, load, warmUp });

/** For who waits: figures, and how many samples. */
const brief = ({ row: _row, counts: _counts, samples, ...figures }: Finding): string =>
  [
    ...Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(1)}`),
    ...(samples ? [`${samples.length} samples from ${Math.min(...samples).toFixed(2)} ms`] : []),
  ].join(', ');
