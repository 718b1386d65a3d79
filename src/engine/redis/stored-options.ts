import type { Backoff, JobOptions } from '../records.js';

type Options = Readonly<Record<string, unknown>>;

/** Options that stand under a short name in what is stored, as BullMQ has them. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['deduplication', 'de'],
  ['failParentOnFailure', 'fpof'],
  ['continueParentOnFailure', 'cpof'],
  ['ignoreDependencyOnFailure', 'idof'],
  ['removeDependencyOnFailure', 'rdof'],
  ['keepLogs', 'kl'],
]);
const longNames: ReadonlyMap<string, string> = new Map([...shortNames].map(([long, short]) => [short, long]));

const noOptions: JobOptions = Object.freeze({});
/** What BullMQ makes of none: its `attempts` of 0 are 1. */
const noneStored = '{"attempts":0}';

/** The options of a job, as BullMQ's clients store the same ones. */
export function optionsText(opts: JobOptions): string {
  let stored: Record<string, unknown> | undefined;
  for (const name in opts) {
    const value = (opts as Options)[name];
    stored ??= { attempts: 0 };
    stored[shortNames.get(name) ?? name] = name === 'backoff' ? asObject(value as Backoff) : value;
  }
  return stored ? JSON.stringify(stored) : noneStored;
}

/** The options that the jobs of a scheduler are made of: nothing is put into their place. */
export function templateText(opts: JobOptions): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(opts).map(([name, value]) => [shortNames.get(name) ?? name, value])),
  );
}

function asObject(backoff: Backoff | undefined): Backoff | undefined {
  return typeof backoff === 'number' ? { type: 'fixed', delay: backoff } : backoff;
}

/** What can't be read is as good as not there: another client wrote it. */
export function optionsOf(text: string | undefined): JobOptions {
  if (text === undefined || text === noneStored || text === '{}') return noOptions;
  const stored = jsonOf(text);
  if (typeof stored !== 'object' || stored === null) return noOptions;
  const opts: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(stored)) {
    if (name === 'repeatJobKey' || (name === 'attempts' && value === 0)) continue; // the first is the record's `scheduler`
    opts[longNames.get(name) ?? name] = value;
  }
  return Object.freeze(opts);
}

export function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
