import type { Backoff, JobOptions, JobTelemetry } from '../records.js';

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
    if (name === 'telemetry') Object.assign(stored, telemetryStored(value as JobTelemetry | undefined));
    else stored[shortNames.get(name) ?? name] = name === 'backoff' ? asObject(value as Backoff) : value;
  }
  return stored ? JSON.stringify(stored) : noneStored;
}

/** The options that the jobs of a scheduler are made of: nothing is put into their place. */
export function templateText(opts: JobOptions): string {
  const { telemetry, ...others } = opts;
  const stored = Object.entries(others).map(([name, value]) => [shortNames.get(name) ?? name, value]);
  return JSON.stringify({ ...Object.fromEntries(stored), ...telemetryStored(telemetry) });
}

/** Two options in what is stored. */
function telemetryStored({ metadata, omitContext }: JobTelemetry = {}): Options {
  return { ...(metadata !== undefined && { tm: metadata }), ...(omitContext !== undefined && { omc: omitContext }) };
}

function telemetryOf(tm: unknown, omc: unknown): JobTelemetry {
  return { ...(typeof tm === 'string' && { metadata: tm }), ...(typeof omc === 'boolean' && { omitContext: omc }) };
}

function asObject(backoff: Backoff | undefined): Backoff | undefined {
  return typeof backoff === 'number' ? { type: 'fixed', delay: backoff } : backoff;
}

/** What can't be read is as good as not there: another client wrote it. */
export function optionsOf(text: string | undefined): JobOptions {
  if (text === undefined || text === noneStored || text === '{}') return noOptions;
  const stored = jsonOf(text);
  if (typeof stored !== 'object' || stored === null) return noOptions;
  const { tm, omc, ...others } = stored as Options;
  const opts: Record<string, unknown> = {};
  if (tm !== undefined || omc !== undefined) opts['telemetry'] = telemetryOf(tm, omc);
  for (const [name, value] of Object.entries(others)) {
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
