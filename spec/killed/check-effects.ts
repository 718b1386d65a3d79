import type { EffectLine, JobKey, Line } from './log-file.js';
import { effectsOf, effectsOfParcel } from './orders.js';
import { workerOf, type Run } from './run.js';

type Done = EffectLine & Line;

/** Faults in what the workers did to the world. */
export function checkEffects(run: Run): readonly string[] {
  const byJob = new Map<JobKey, Done[]>();
  for (const line of run.lines) {
    if (line.type !== 'effect') continue;
    const done = byJob.get(line.job);
    if (done) done.push(line);
    else byJob.set(line.job, [line]);
  }
  const faults = [...checkKeys(byJob), ...checkDurable(run, byJob)];
  for (const { job } of run.histories.values()) {
    const order = run.orders.get(job.slice('orders:'.length));
    const expected = job.startsWith('orders:') ? order && effectsOf(order) : effectsOfParcel;
    if (expected) faults.push(...checkOrder(run, job, expected, byJob.get(job) ?? []));
  }
  return faults;
}

/** Each effect comes after the one before it, none is left out, none comes again once a later one has been. */
function checkOrder(run: Run, job: JobKey, expected: readonly string[], lines: readonly Done[]): readonly string[] {
  const faults: string[] = [];
  let at = -1;
  let repeated = 0;
  for (const [index, line] of lines.entries()) {
    const place = expected.indexOf(line.effect);
    if (place === -1) faults.push(`S6: ${job} did ${line.effect}, which it hasn't`);
    else if (place > at + 1) faults.push(`I4: ${job} did ${line.effect} without ${expected[at + 1]}`);
    else if (place < at && !isLate(run, line, lines.slice(0, index))) {
      faults.push(`I2: ${job} did ${line.effect} again (${line.worker}), after ${expected[at]}`);
    }
    if (place <= at) repeated++;
    at = Math.max(at, place);
  }
  if (at < expected.length - 1) faults.push(`I1: ${job} never did ${expected[at + 1]}`);
  const deaths = run.histories.get(job)!.events.filter(({ type }) => type === 'stalled').length;
  if (repeated > deaths) faults.push(`I3: ${job} repeated ${repeated} effects, but lost ${deaths} workers`);
  return faults;
}

/** A worker that is stopped between its last look at the lease and an effect does that one when it goes on: nothing can help it. */
function isLate(run: Run, line: Done, before: readonly Done[]): boolean {
  const frozen = run.frozen.get(line.worker);
  if (!frozen || line.at < frozen.to) return false;
  return !before.some(({ token, at }) => token === line.token && at >= frozen.to);
}

/** What a committed write has saved is not done again by a later activation, whether its worker has heard of it or not. */
function checkDurable({ lines, histories }: Run, byJob: ReadonlyMap<JobKey, readonly Done[]>): readonly string[] {
  const faults: string[] = [];
  for (const line of lines) {
    if (line.type !== 'write' || line.effects.length === 0) continue;
    const { claims = [], writes = [] } = histories.get(line.job) ?? {};
    const committed = writes.find(({ seq, token }) => seq === line.seq && token === line.token);
    if (!committed) continue;
    const later = new Set(claims.filter(({ place }) => place > committed.place).map(({ token }) => token));
    for (const { effect, token } of byJob.get(line.job) ?? []) {
      if (!later.has(token) || !line.effects.includes(effect)) continue;
      faults.push(`I2: ${line.job} did ${effect} again (${workerOf(token)}), though write ${line.seq} had saved it`);
    }
  }
  return faults;
}

/** S8: an effect's key is the same however often it is done, and no other's. */
function checkKeys(byJob: ReadonlyMap<JobKey, readonly Done[]>): readonly string[] {
  const faults: string[] = [];
  const effects = new Map<string, string>();
  const keys = new Map<string, string>();
  for (const [job, lines] of byJob) {
    for (const { effect, idempotencyKey } of lines) {
      const name = `${job} ${effect}`;
      if ((effects.get(idempotencyKey) ?? name) !== name) {
        faults.push(`S8: ${name} has the key of ${effects.get(idempotencyKey)}`);
      }
      if ((keys.get(name) ?? idempotencyKey) !== idempotencyKey) faults.push(`S8: ${name} has two keys`);
      effects.set(idempotencyKey, name);
      keys.set(name, idempotencyKey);
    }
  }
  return faults;
}
