import { isDeepStrictEqual } from 'node:util';
import type { Class, DataOf, Resolver } from '../index.js';
import { playPlan, type CrashWorld, type Plan, type Played, type Scene } from './crash-play.js';
import type { CrashMatrix, CrashRow, Repeated } from './crash-report.js';
import { crashTable } from './crash-table.js';
import { leaksOf } from './crash-leaks.js';
import { timeOf } from './marble-time.js';
import type { AddOptions } from './world.js';

/** Options of {@link crashMatrix}. */
export interface CrashMatrixOptions {
  /** Makes what the processor works with, anew for each plan: fakes whose effects are counted. */
  readonly world?: (world: CrashWorld) => void;
  /** Processors of its children. */
  readonly processors?: readonly Class[];
  readonly resolver?: Resolver;
  /** The job's name and options. */
  readonly job?: AddOptions;
  /** How much later a late worker comes. Default `'1y'`, by when all clocks have passed. */
  readonly late?: string;
}

/**
 * Runs a job once, then once for each write with the worker lost before it, and once with it lost after, taken over at once and
 * late; and with a fresh instance after every write. Everything in virtual time.
 *
 * A boundary is safe when the job comes to the same end, no effect is left out, and each effect that ran again was handed the
 * same idempotency key as the first time.
 *
 * @throws Error when the job doesn't come to an end without a crash either
 * @example
 * ```ts
 * const matrix = crashMatrix(OrderProcessor, order, {
 *   world: ({ provide, effect }) =>
 *     provide(Payments, { charge: (order: Order, key: string) => effect('charge', 'receipt', key) }),
 * });
 * console.log(String(matrix));
 * expect(matrix.unsafe).toEqual([]);
 * expect(matrix.leaks).toEqual([]);
 * ```
 */
export function crashMatrix<P>(processor: Class<P>, data: DataOf<P>, options: CrashMatrixOptions = {}): CrashMatrix {
  const { world = () => {}, processors = [], resolver, job, late = '1y' } = options;
  const scene: Scene = { processor, data, others: processors, resolver, options: job, world };
  const calm = playPlan(scene);
  if (calm.state !== 'completed' && calm.state !== 'failed') {
    throw new Error(
      `without a crash, the job of ${processor.name} stays ${calm.state}: give the processors of its children too`,
    );
  }
  const rows = calm.writes.flatMap((_, index) =>
    (['before', 'after'] as const).flatMap((when) =>
      (['at once', 'late'] as const).map((takenOver) => {
        const plan: Plan = { lostAt: index + 1, when, takeOver: takenOver === 'late' ? timeOf(late) : 0 };
        return rowOf(calm, playPlan(scene, plan), index, when, takenOver);
      }),
    ),
  );
  const leaks = leaksOf(scene, calm);
  const matrix = {
    processor: processor.name,
    calm,
    rows,
    unsafe: rows.filter(({ unsafe }) => unsafe.length > 0),
    leaks: leaks.found,
    plans: 1 + rows.length + leaks.plans,
  };
  return { ...matrix, toString: () => crashTable(matrix) };
}

function rowOf(
  calm: Played,
  played: Played,
  index: number,
  lost: CrashRow['lost'],
  takenOver: CrashRow['takenOver'],
): CrashRow {
  const { step, type, queue } = calm.writes[index]!;
  const where = [...(queue === calm.queue ? [] : [queue]), ...(step === undefined ? [] : [step])].join(' ');
  const row = {
    write: index + 1,
    boundary: where === '' ? type : `${where}: ${type}`,
    lost,
    takenOver,
    state: played.state,
    outcome: played.outcome,
    sameOutcome: sameOutcome(calm, played),
    repeated: repeatedIn(calm, played),
    skipped: [...calm.effects].flatMap(([label, keys]) => (timesOf(played, label) < keys.length ? [label] : [])),
    others: [...played.effects.keys()].filter((label) => !calm.effects.has(label)),
  };
  return { ...row, unsafe: reasons(row) };
}

export function sameOutcome(calm: Played, { state, outcome }: Played): boolean {
  return state === calm.state && isDeepStrictEqual(outcome, calm.outcome);
}

function repeatedIn(calm: Played, played: Played): readonly Repeated[] {
  return [...played.effects].flatMap(([effect, keys]) => {
    const before = calm.effects.get(effect);
    if (!before || keys.length <= before.length) return [];
    const key = keys.includes(undefined) ? 'none' : keys.every((each) => before.includes(each)) ? 'same' : 'changed';
    return [{ effect, times: keys.length, calmTimes: before.length, key } as const];
  });
}

function timesOf({ effects }: Played, label: string): number {
  return effects.get(label)?.length ?? 0;
}

function reasons(row: Omit<CrashRow, 'unsafe'>): readonly string[] {
  return [
    ...(row.sameOutcome ? [] : ['another outcome']),
    ...row.repeated.flatMap(({ effect, key }) => {
      if (key === 'same') return [];
      return [
        key === 'none' ? `${effect} ran again without an idempotency key` : `${effect} ran again with another key`,
      ];
    }),
    ...row.skipped.map((effect) => `${effect} was left out`),
    ...row.others.map((effect) => `${effect} runs only after a crash`),
  ];
}
