import { goalText, isReached } from './goal.js';
import type { Row } from './rows.js';
import { cpuOf, type Summary } from './summary.js';
import type { SideName } from './workload.js';

/** A row with what its sides have come to. */
export interface Result {
  readonly row: Row;
  readonly sides: Partial<Record<SideName, Summary>>;
}

/** The results as a Markdown table. */
export function tableOf(results: readonly Result[]): string {
  const oursOf = (id: string) => results.find(({ row }) => row.id === id)?.sides.stepstream;
  const lines = results.map(({ row, sides: { bullmq, stepstream, bare } }) => {
    const reached = stepstream && isReached(row.goal, stepstream, bullmq, oursOf);
    return cells(
      row.title,
      bullmq ? figure(row, bullmq) : row.quoted ? `${row.quoted} (quoted)` : '',
      stepstream ? figure(row, stepstream) : '',
      stepstream && bullmq ? ratio(stepstream, bullmq) : '',
      stepstream?.client && bullmq?.client ? `1/${(cpuOf(bullmq) / cpuOf(stepstream)).toFixed(1)}` : '',
      goalText(row.goal),
      reached === undefined ? '' : reached ? 'yes' : '**no**',
      bare ? figure(row, bare) : '',
    );
  });
  const head = ['workload', 'BullMQ', 'Stepstream', 'ratio (rounds)', 'CPU', 'to reach', 'reached', 'bare client'];
  return [cells(...head), cells(...head.map(() => '---')), ...lines].join('\n');
}

/** Said below the table. */
export const legend = [
  'Rates with CPU in µs per job, client / Redis, in brackets; checkpoints in µs of both together, then of each; ratio: of',
  'the medians, in brackets the lowest and the highest of a round; CPU: of client and Redis together, per job.',
].join('\n');

function figure({ kind, unit }: Row, summary: Summary): string {
  const cpu = (): string => `${micros(summary.client!)} / ${micros(summary.redis!)}`;
  switch (kind) {
    case 'rate':
      return `${count(summary.figure)} ${unit} (${cpu()})`;
    case 'cost':
      return `${micros(summary.figure)} µs (${cpu()})`;
    case 'bytes':
      return `${count(summary.figure)} B`;
    default: {
      const [p50, p99, max] = [summary.figure, summary.p99!, summary.max!].map(milliseconds);
      return `p50 ${p50}, p99 ${p99}, max ${max} ms`;
    }
  }
}

/** Of our figure to theirs; rounds are compared one by one, as they were run side by side. */
function ratio(ours: Summary, theirs: Summary): string {
  const pairs = ours.rounds.slice(0, theirs.rounds.length).map((each, round) => each / theirs.rounds[round]!);
  const range = pairs.length > 1 ? ` (${times(Math.min(...pairs))}–${times(Math.max(...pairs))})` : '';
  return `${times(ours.figure / theirs.figure)}×${range}`;
}

const cells = (...texts: readonly string[]): string => `| ${texts.join(' | ')} |`;
const count = (value: number): string => Math.round(value).toLocaleString('en');
const micros = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));
const milliseconds = (value: number): string => (value < 100 ? value.toFixed(2) : count(value));
const times = (value: number): string => value.toFixed(value < 10 ? 2 : 0);
