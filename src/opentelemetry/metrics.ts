import { metrics, type Counter, type Histogram, type Meter } from '@opentelemetry/api';
import { GaugeSources, telemetryFigures, type Attributes, type GaugeName, type Metrics } from '../index.js';
import type { OpenTelemetryOptions } from './options.js';

const { counters, histograms, gauges, buckets } = telemetryFigures;

/** Of each meter, which two `openTelemetry()` share: of two callbacks of one instrument OpenTelemetry keeps the value of one. */
const sourcesOf = new WeakMap<Meter, Map<GaugeName, GaugeSources>>();

/** Instruments of OpenTelemetry, each made when it is first used: by then the SDK has been set up. */
export function metricsOn({ meterProvider = metrics }: OpenTelemetryOptions): Metrics {
  const made = new Map<string, unknown>();
  const once = <T>(name: string, make: () => T): T => {
    if (!made.has(name)) made.set(name, make());
    return made.get(name) as T;
  };
  const meter = () => once('', () => meterProvider.getMeter('stepstream'));
  return {
    count: (name, by, attributes) =>
      once<Counter>(name, () => meter().createCounter(name, counters[name])).add(by, attributes),

    record: (name, seconds, attributes) =>
      once<Histogram>(name, () =>
        meter().createHistogram(name, { ...histograms[name], advice: { explicitBucketBoundaries: [...buckets] } }),
      ).record(seconds, attributes),

    observe: (name, ask) => gaugeOn(meter(), name).add(ask),
  };
}

function gaugeOn(meter: Meter, name: GaugeName): GaugeSources {
  let all = sourcesOf.get(meter);
  if (!all) sourcesOf.set(meter, (all = new Map()));
  const known = all.get(name);
  if (known) return known;
  const { unit, description } = gauges[name];
  const sources = new GaugeSources(name);
  all.set(name, sources);
  const seen = new Map<string, Attributes>();
  meter.createObservableGauge(name, { unit, description }).addCallback(async (result) => {
    const observed = await sources.observations();
    for (const attributes of seen.values()) result.observe(0, attributes); // what is observed in earnest comes behind
    for (const { value, attributes } of observed) {
      result.observe(value, attributes);
      // the SDK tells its last value for ever: a closed worker has none, but of a closed queue the jobs are still there
      if (gauges[name].of === 'process') seen.set(JSON.stringify(attributes), attributes);
    }
  });
  return sources;
}
