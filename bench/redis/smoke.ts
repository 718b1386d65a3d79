import type { Options } from './options.js';
import { runRound, type Finding, type Run } from './round.js';
import { sidesOf, type Row } from './rows.js';
import { sameWork } from './same-work.js';
import type { SideName } from './workload.js';

/** Runs a little of every row, a process per side. @throws when a side doesn't finish, or not the same work */
export async function smoke(url: string, { rows, sides }: Options): Promise<void> {
  const findings = new Map<SideName, readonly Finding[]>();
  for (const side of sides) {
    const runs = rows.filter((row) => sidesOf(row).includes(side)).map(tiny);
    if (runs.length > 0) findings.set(side, await runRound({ url, side, runs }, 60_000));
  }
  for (const row of rows) {
    const ofRow = [...findings].map(([side, all]) => [side, all.filter((finding) => finding.row === row.id)] as const);
    const done = ofRow.filter(([, all]) => all.length > 0);
    sameWork(row, new Map(done));
    console.log(`${row.id}: ${JSON.stringify(done[0]?.[1][0]?.counts)} by ${done.map(([side]) => side).join(', ')}`);
  }
}

const tiny = ({ id, workload, load, smoke: size }: Row): Run => ({
  row: id,
  workload,
  load: { ...load, size: size! },
  warmUp: 0,
});
