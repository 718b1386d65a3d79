/** What BullMQ's exporter tells of a queue. */
interface Figures {
  readonly counts: Readonly<Record<string, number>>;
  readonly completed: number;
  readonly failed: number;
}

/** A queue's figures in Prometheus' text format, as BullMQ words them: its names, order and spaces. */
export function bullmqText(queue: string, figures: Figures, variables: Readonly<Record<string, string>>): string {
  const { counts, completed, failed } = figures;
  const labels = (...own: readonly (readonly [name: string, value: string])[]): string =>
    [...own, ...Object.entries(variables)].map(([name, value]) => `${name}="${escaped(value)}"`).join(', ');
  return [
    '# HELP bullmq_job_count Number of jobs in the queue by state',
    '# TYPE bullmq_job_count gauge',
    ...Object.entries(counts).map(
      ([state, count]) => `bullmq_job_count{${labels(['queue', queue], ['state', state])}} ${count}`,
    ),
    '# HELP bullmq_job_completed_total Total number of completed jobs',
    '# TYPE bullmq_job_completed_total counter',
    `bullmq_job_completed_total{${labels(['queue', queue])}} ${completed}`,
    '# HELP bullmq_job_failed_total Total number of failed jobs',
    '# TYPE bullmq_job_failed_total counter',
    `bullmq_job_failed_total{${labels(['queue', queue])}} ${failed}`,
  ].join('\n');
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
