import type { Goal } from './goal.js';
import type { Load, SideName } from './workload.js';

/** A row of the table. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly workload: string;
  /** What the figures say: how many a second, how late, the CPU of one, the bytes of one. */
  readonly kind: 'rate' | 'latency' | 'cost' | 'bytes';
  /** Of a rate: what is counted. */
  readonly unit?: string;
  readonly load: Load;
  readonly warmUp: number;
  /** The size in a smoke test; none: the row is left out there. */
  readonly smoke?: number;
  readonly bare?: true;
  /** What is known of BullMQ, when measuring it takes minutes: it is then measured once, and only with `--slow`. */
  readonly quoted?: string;
  readonly goal: Goal;
}

const few: Load = { size: 0, concurrency: 100, bytes: 200, steps: 5 };
const checkpoint = (steps: number, size: number, smoke: number, goal: Goal): Row => ({
  id: `checkpoint-${steps}`,
  title: `one checkpoint of 100 B at ${steps.toLocaleString('en')} steps per job`,
  workload: 'checkpoints',
  kind: 'cost',
  load: { ...few, size, concurrency: 10, steps },
  warmUp: Math.ceil(size / 5),
  smoke,
  goal,
});

/** The table of the design's section 7. */
export const rows: readonly Row[] = [
  {
    id: 'add',
    title: 'add, 100 in flight',
    workload: 'add',
    kind: 'rate',
    unit: 'jobs/s',
    load: { ...few, size: 20_000 },
    warmUp: 4_000,
    smoke: 200,
    bare: true,
    goal: { kind: 'faster', times: 2.5 },
  },
  {
    id: 'bulk',
    title: 'add in bulks of 1,000',
    workload: 'bulk',
    kind: 'rate',
    unit: 'jobs/s',
    load: { ...few, size: 40_000 },
    warmUp: 4_000,
    smoke: 2_000,
    bare: true,
    goal: { kind: 'faster', times: 4 },
  },
  {
    id: 'no-op-100',
    title: 'no-op jobs, concurrency 100',
    workload: 'no-op',
    kind: 'rate',
    unit: 'jobs/s',
    load: { ...few, size: 30_000 },
    warmUp: 4_000,
    smoke: 300,
    bare: true,
    goal: { kind: 'faster', times: 2.5, cpu: 3.5 },
  },
  {
    id: 'no-op-500',
    title: 'no-op jobs, concurrency 500',
    workload: 'no-op',
    kind: 'rate',
    unit: 'jobs/s',
    load: { ...few, size: 30_000, concurrency: 500 },
    warmUp: 4_000,
    smoke: 1_500,
    bare: true,
    goal: { kind: 'faster', times: 3, cpu: 3.5 },
  },
  {
    id: 'steps-200b',
    title: '5 saved steps, 200 B of data',
    workload: 'steps',
    kind: 'rate',
    unit: 'jobs/s',
    load: { ...few, size: 6_000 },
    warmUp: 1_000,
    smoke: 100,
    goal: { kind: 'faster', times: 3.5 },
  },
  {
    id: 'steps-10kb',
    title: '5 saved steps, 10 KB of data',
    workload: 'steps',
    kind: 'rate',
    unit: 'jobs/s',
    load: { ...few, size: 3_000, bytes: 10_000 },
    warmUp: 500,
    smoke: 50,
    goal: { kind: 'faster', times: 3.5 },
  },
  {
    id: 'delay',
    title: 'two steps with 10 ms between, 2,000 jobs',
    workload: 'delay',
    kind: 'rate',
    unit: 'jobs/s',
    load: { ...few, size: 2_000 },
    warmUp: 1_000,
    smoke: 100,
    goal: { kind: 'faster', times: 4 },
  },
  {
    id: 'lone',
    title: 'lone delayed job on an idle worker: lateness',
    workload: 'lone',
    kind: 'latency',
    load: { ...few, size: 40 },
    warmUp: 3,
    smoke: 3,
    goal: { kind: 'within', milliseconds: 5 },
  },
  {
    id: 'children',
    title: '500 parents that add 10 children and wait',
    workload: 'children',
    kind: 'rate',
    unit: 'parents/s',
    load: { ...few, size: 500 },
    warmUp: 100,
    smoke: 20,
    goal: { kind: 'faster', times: 4 },
  },
  {
    id: 'pick-up',
    title: 'idle worker picks up one job',
    workload: 'pick-up',
    kind: 'latency',
    load: { ...few, size: 200 },
    warmUp: 50,
    smoke: 5,
    goal: { kind: 'sooner', times: 0.8 },
  },
  {
    id: 'take-over',
    title: 'kill -9 to take-over',
    workload: 'take-over',
    kind: 'latency',
    load: { ...few, size: 8 },
    warmUp: 0,
    quoted: 'p50 44,500, max 79,500 ms',
    goal: { kind: 'within', milliseconds: 5_000 },
  },
  checkpoint(10, 1_000, 10, { kind: 'none' }),
  checkpoint(100, 100, 10, { kind: 'flat', row: 'checkpoint-10', percent: 20 }),
  checkpoint(1_000, 10, 1, { kind: 'flat', row: 'checkpoint-10', percent: 20 }),
  {
    id: 'memory',
    title: 'Redis memory per completed no-op job',
    workload: 'memory',
    kind: 'bytes',
    load: { ...few, size: 20_000 },
    warmUp: 100,
    smoke: 100,
    goal: { kind: 'smaller', times: 1 },
  },
];

export const sidesOf = (row: Row): readonly SideName[] => [
  'bullmq',
  'stepstream',
  ...(row.bare ? ['bare' as const] : []),
];
