import { isBullmqTelemetry, ofBullmq, type BullmqTelemetry } from './bullmq-telemetry.js';
import type { Metrics, NewSpan, Span, Telemetry, Tracing } from './telemetry.js';

/** What the option `telemetry` takes: ours, BullMQ's, or a list of them of which one makes spans. */
export type TelemetryOption = Telemetry | BullmqTelemetry | readonly (Telemetry | BullmqTelemetry)[];

export const telemetryRule = {
  test: isTelemetry,
  expects: "openTelemetry(), prometheus(), BullMQ's Telemetry, or a list of them of which one makes spans",
};

function isTelemetry(value: unknown): boolean {
  const all = listOf(value as TelemetryOption);
  return all.every((each) => isBullmqTelemetry(each) || isOurs(each)) && all.filter(hasTracing).length < 2;
}

function isOurs(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { tracing, metrics } = value as Partial<Telemetry>;
  const traces = tracing === undefined || typeof tracing?.start === 'function';
  const measures = metrics === undefined || typeof metrics?.record === 'function';
  return traces && measures && (tracing ?? metrics) !== undefined;
}

function hasTracing(value: Telemetry | BullmqTelemetry): boolean {
  return 'contextManager' in value || value.tracing !== undefined;
}

function listOf(option: TelemetryOption): readonly (Telemetry | BullmqTelemetry)[] {
  return isList(option) ? option : [option];
}

/** `Array.isArray` knows no readonly lists. */
function isList(option: TelemetryOption): option is readonly (Telemetry | BullmqTelemetry)[] {
  return Array.isArray(option);
}

/**
 * One of all that the option names. Nothing that it throws disturbs a job.
 *
 * @param option is checked already
 * @param warn is told of what it throws, once
 */
export function telemetryOf(option: TelemetryOption, warn: (error: unknown) => void): Telemetry {
  const all = listOf(option).map((each) => (isBullmqTelemetry(each) ? ofBullmq(each) : each));
  const tracing = all.find((each) => each.tracing)?.tracing;
  const metrics = all.flatMap((each) => each.metrics ?? []);
  let warned = false;
  const thrown = (error: unknown): void => {
    if (!warned) warn(error);
    warned = true;
  };
  const attempt: Attempt = (call, otherwise) => {
    try {
      return call();
    } catch (error) {
      thrown(error);
      return otherwise;
    }
  };
  return {
    ...(tracing && { tracing: tolerantTracing(tracing, attempt, thrown) }),
    ...(metrics.length > 0 && { metrics: tolerantMetrics(metrics, attempt) }),
  };
}

type Attempt = <T>(call: () => T, otherwise: T) => T;

const noSpan: Span = { metadata: undefined, run: (code) => code(), end: () => {} };

function tolerantTracing(tracing: Tracing, attempt: Attempt, thrown: (error: unknown) => void): Tracing {
  const real = new WeakMap<Span, Span>();

  /** The code runs once, whatever becomes of what is to run it; what the code itself throws is its caller's. */
  function attemptAround<T>(around: (code: () => T) => T, code: () => T): T {
    let begun = false;
    try {
      return around(() => {
        begun = true;
        return code();
      });
    } catch (error) {
      if (begun) throw error;
      thrown(error);
      return code();
    }
  }

  return {
    start(wanted: NewSpan) {
      const parent = wanted.parent && real.get(wanted.parent);
      const span = attempt<Span>(() => tracing.start({ ...wanted, parent }), noSpan);
      const tolerant: Span = {
        metadata: attempt(() => span.metadata, undefined),
        run: (code) => attemptAround((all) => span.run(all), code),
        end: (attributes, error) => attempt(() => span.end(attributes, error), undefined),
      };
      real.set(tolerant, span);
      return tolerant;
    },
    detached: (code) => attemptAround((all) => tracing.detached(all), code),
  };
}

function tolerantMetrics(all: readonly Metrics[], attempt: Attempt): Metrics {
  return {
    count(...figure) {
      for (const each of all) attempt(() => each.count(...figure), undefined);
    },
    record(...figure) {
      for (const each of all) attempt(() => each.record(...figure), undefined);
    },
    observe(...gauge) {
      const ends = all.map((each) =>
        attempt(
          () => each.observe(...gauge),
          () => {},
        ),
      );
      return () => {
        for (const end of ends) attempt(end, undefined);
      };
    },
  };
}
