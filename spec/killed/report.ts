import type { Figures, Verdict } from './verdict.js';

const rows: readonly (readonly [name: string, value: (figures: Figures) => string])[] = [
  ['orders', ({ orders }) => String(orders)],
  ['children', ({ children }) => String(children)],
  ['workers killed', ({ kills }) => String(kills)],
  ['workers stopped beyond their lease', ({ freezes }) => String(freezes)],
  ['effects', ({ effects }) => String(effects)],
  ['effects repeated', ({ repeated }) => String(repeated)],
  ['activations taken over', ({ takenOver }) => String(takenOver)],
  ['… by a connection that was gone', ({ takenOverByConnection }) => String(takenOverByConnection)],
  ['late writes refused', ({ refused }) => String(refused)],
  ['kill to take-over, p50', ({ takeOverTimes }) => seconds(takeOverTimes[Math.floor(takeOverTimes.length / 2)])],
  ['kill to take-over, p99', ({ takeOverTimes }) => seconds(takeOverTimes[Math.floor(takeOverTimes.length * 0.99)])],
  ['kill to take-over, longest', ({ takeOverTimes }) => seconds(takeOverTimes.at(-1))],
];

function seconds(ms: number | undefined): string {
  return ms === undefined ? '–' : `${(ms / 1_000).toFixed(1)} s`;
}

/** The figures of a campaign's acts as a table, and the faults that were found. */
export function reportOf(acts: Readonly<Record<string, Verdict>>): string {
  const names = Object.keys(acts);
  const verdicts = Object.values(acts);
  const table = [
    ['', ...names],
    ['---', ...names.map(() => '---:')],
    ...rows.map(([name, value]) => [name, ...verdicts.map(({ figures }) => value(figures))]),
    ['**faults found**', ...verdicts.map(({ faults }) => `**${faults.length}**`)],
  ];
  const faults = names.flatMap((name) => acts[name]!.faults.map((fault) => `${name}: ${fault}`));
  return [...table.map((cells) => `| ${cells.join(' | ')} |`), '', ...faults].join('\n');
}
