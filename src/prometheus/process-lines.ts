import { heading, labelsOf, sample, type Labels } from './exposition.js';

/** What Prometheus' own clients tell of a process, by their names. */
export function processLines(labels: Labels): readonly string[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const own = labelsOf({}, labels);
  const line = (name: string, kind: 'counter' | 'gauge', what: string, value: number): readonly string[] => [
    ...heading(name, kind, what),
    sample(name, own, value),
  ];
  return [
    ...line('process_cpu_seconds_total', 'counter', 'Processor time of this process', (user + system) / 1e6),
    ...line('process_resident_memory_bytes', 'gauge', 'Memory that this process holds', rss),
    ...line('nodejs_heap_size_used_bytes', 'gauge', "Memory that JavaScript's objects take", heapUsed),
  ];
}
