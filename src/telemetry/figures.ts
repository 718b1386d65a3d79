/** What is measured, by the name that OpenTelemetry's conventions give it, or one of ours in their manner. */
interface Figure {
  readonly unit: string;
  readonly description: string;
}

export const counters = {
  'messaging.client.sent.messages': { unit: '{message}', description: 'Jobs that were added' },
  'messaging.client.consumed.messages': { unit: '{message}', description: 'Jobs that a worker has begun to run' },
  'stepstream.activations': {
    unit: '{activation}',
    description: 'Runs of jobs on a worker that have ended, by their outcome',
  },
  'stepstream.takeovers': { unit: '{job}', description: 'Jobs of dead workers that were taken over' },
} as const satisfies Record<string, Figure>;

/** In seconds. */
export const histograms = {
  'messaging.client.operation.duration': { unit: 's', description: 'Time that adding jobs has taken' },
  'messaging.process.duration': { unit: 's', description: 'Time from the claim of a job until its worker let it go' },
  'stepstream.step.duration': { unit: 's', description: 'Time that a step was active in one run of its job' },
  'stepstream.job.lateness': {
    unit: 's',
    description: 'Time from when a job was added, or due, until a worker took it',
  },
} as const satisfies Record<string, Figure>;

/** Upper bounds in seconds: those that OpenTelemetry's conventions name, and some for jobs of minutes. */
export const buckets: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300, 900,
];

/** `of` the store, where all see the same, or of this process. */
export const gauges = {
  'stepstream.queue.jobs': { of: 'store', unit: '{job}', description: 'Jobs of the queue in the store, by state' },
  'stepstream.worker.jobs': { of: 'process', unit: '{job}', description: 'Jobs that the workers of this process run' },
  'stepstream.worker.concurrency': { of: 'process', unit: '{job}', description: 'Jobs that they may run at a time' },
} as const satisfies Record<string, Figure & { readonly of: 'store' | 'process' }>;

export type CounterName = keyof typeof counters;
export type HistogramName = keyof typeof histograms;
export type GaugeName = keyof typeof gauges;

/** All that is measured, for who implements `Metrics`. */
export const telemetryFigures = { counters, histograms, gauges, buckets } as const;
