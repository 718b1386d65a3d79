import { median, percentile } from './medians.js';
import type { Finding } from './round.js';
import type { Row } from './rows.js';

/** What the rounds of one side of a row come to. */
export interface Summary {
  /** The row's figure: a median of its rounds, or of all its samples. */
  readonly figure: number;
  /** The same of each round. */
  readonly rounds: readonly number[];
  /** CPU in microseconds per job or checkpoint, medians. */
  readonly client?: number;
  readonly redis?: number;
  /** Of samples. */
  readonly p99?: number;
  readonly max?: number;
}

export function summaryOf({ kind }: Row, findings: readonly Finding[]): Summary {
  const all = (field: 'perSecond' | 'client' | 'redis' | 'bytes'): number[] =>
    findings.map((finding) => finding[field] ?? NaN);
  if (kind === 'bytes') return { figure: median(all('bytes')), rounds: all('bytes') };
  if (kind === 'latency') {
    const samples = findings.flatMap((finding) => finding.samples ?? []);
    const rounds = findings.map((finding) => median(finding.samples ?? []));
    return { figure: median(samples), rounds, p99: percentile(samples, 99), max: Math.max(...samples) };
  }
  const cpu = { client: median(all('client')), redis: median(all('redis')) };
  if (kind === 'rate') return { figure: median(all('perSecond')), rounds: all('perSecond'), ...cpu };
  const costs = findings.map(({ client, redis }) => client! + redis!);
  return { figure: median(costs), rounds: costs, ...cpu };
}

/** Client and Redis together, in microseconds. */
export const cpuOf = ({ client, redis }: Summary): number => client! + redis!;
