import type { JobEvent, JobHistory } from './history.js';
import type { JobKey } from './log-file.js';
import { childrenOf } from './orders.js';
import { workerOf, type Run } from './run.js';

/** Faults in what the store has committed. */
export function checkHistory(run: Run): readonly string[] {
  const faults: string[] = [];
  const families = new Map<JobKey | undefined, JobHistory[]>();
  for (const history of run.histories.values()) {
    const family = families.get(history.parent);
    if (family) family.push(history);
    else families.set(history.parent, [history]);
  }
  for (const history of run.histories.values()) {
    faults.push(...checkWrites(history), ...checkStates(history), ...checkDeaths(run, history));
    if (!history.parent) faults.push(...checkChildren(history, families.get(history.job) ?? []));
  }
  return faults;
}

/** Writes are numbered without gap or fork, each made by the one who held the job. */
function checkWrites({ job, writes }: JobHistory): readonly string[] {
  const faults: string[] = [];
  for (const [index, { seq, token, holder }] of writes.entries()) {
    if (seq !== index + 1) faults.push(`I4: write ${seq} of ${job} comes after ${index}`);
    if (token !== holder) {
      faults.push(
        `I5: write ${seq} of ${job} by ${workerOf(token)} while ${workerOf(holder ?? '') || 'nobody'} held it`,
      );
    }
  }
  return faults;
}

/** From which state an event leads to which; `waiting` tells itself where it comes from. */
const transitions: Readonly<Record<string, readonly [from: readonly string[], to: string]>> = {
  added: [['new'], 'added'],
  active: [['waiting'], 'active'],
  delayed: [['added', 'active'], 'delayed'],
  'waiting-children': [['active'], 'waiting-children'],
  progress: [['active'], 'active'],
  stalled: [['active'], 'active'],
  completed: [['active'], 'completed'],
};

/** A job is in one state, settles once, and nothing wakes it too soon. */
function checkStates({ job, events }: JobHistory): readonly string[] {
  const faults: string[] = [];
  let state = 'new';
  let due = 0;
  for (const { type, prev = 'added', at, due: newDue } of events) {
    const [from, to] = type === 'waiting' ? [[prev], 'waiting'] : (transitions[type] ?? [[], type]);
    if (!from.includes(state)) faults.push(`I6: ${job} was ${state}, and then ${type}`);
    if (type === 'waiting' && state === 'delayed' && at < due) faults.push(`I8: ${job} woke ${due - at} ms too soon`);
    due = newDue ?? due;
    state = to;
  }
  if (state !== 'completed') faults.push(`I9: ${job} ended as ${state}`);
  return faults;
}

/** Jobs are taken over from the dead, and from nobody else. */
function checkDeaths({ killed, frozen }: Run, { job, events }: JobHistory): readonly string[] {
  return events.flatMap(({ type, at, lost }) => {
    if (type !== 'stalled') return [];
    const worker = workerOf(lost?.token ?? '');
    const since = Math.min(killed.get(worker) ?? Infinity, frozen.get(worker)?.from ?? Infinity);
    return at >= since ? [] : [`W3: ${job} was taken over from ${worker || 'nobody'}, which lived`];
  });
}

/** Children are there once, and each end of an await wakes their parent once, in the moment when the last of them is done. */
function checkChildren({ job, events, data }: JobHistory, children: readonly JobHistory[]): readonly string[] {
  const faults: string[] = [];
  for (const [name, count] of childrenOf(JSON.parse(data))) {
    const there = children.filter((child) => child.name === name).length;
    if (there !== count) faults.push(`C2: ${job} has ${there} children named ${name}, not ${count}`);
  }
  const ends = children.map((child) => ({ name: child.name, end: endOf(child) }));
  let parked: JobEvent | undefined;
  for (const event of events) {
    if (event.type === 'waiting-children') parked = event;
    if (event.type !== 'waiting' || event.prev !== 'waiting-children' || !parked) continue;
    const before = (place: number) => (each: (typeof ends)[number]) => each.end !== undefined && each.end.place < place;
    // with all parcels done it has parked for all children
    const parcels = ends.filter(({ name }) => name === 'parcel');
    const awaited = parcels.every(before(parked.place)) ? ends : parcels;
    if (!awaited.every(before(event.place))) faults.push(`I7: ${job} woke before its children were done`);
    else if (!awaited.some(({ end }) => end?.transaction === event.transaction)) {
      faults.push(`I7: ${job} woke, but not when the last of its children was done`);
    }
  }
  return faults;
}

function endOf({ events }: JobHistory): JobEvent | undefined {
  return events.find(({ type }) => type === 'completed');
}
