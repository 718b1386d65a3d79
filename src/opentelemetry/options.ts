import type { MeterProvider, TextMapPropagator, TracerProvider } from '@opentelemetry/api';
import { ConfigurationError, type Fault } from '../index.js';

export interface OpenTelemetryOptions {
  /** Default: the global one, which the SDK's set-up registers. */
  readonly tracerProvider?: TracerProvider;
  /** Default: the global one, which the SDK's set-up registers. */
  readonly meterProvider?: MeterProvider;
  /** Writes the trace into the options of jobs, and reads it there. Default: the global one, which the SDK's set-up registers. */
  readonly propagator?: TextMapPropagator;
  /**
   * The span of an activation also becomes a child of the one that has added the job: one trace of all, for jobs that don't
   * sleep for long. Default false: it begins a trace, and is linked to that span.
   */
  readonly continueTrace?: boolean;
  /**
   * Notes message and stack of errors, too. They may hold what your code has put into them, payloads too. Default false: an
   * error is known by its class.
   */
  readonly recordErrors?: boolean;
}

const has =
  (...methods: readonly string[]) =>
  (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';

const rules: Readonly<
  Record<keyof OpenTelemetryOptions, { readonly test: (value: unknown) => boolean; readonly expects: string }>
> = {
  tracerProvider: { test: has('getTracer'), expects: 'a TracerProvider' },
  meterProvider: { test: has('getMeter'), expects: 'a MeterProvider' },
  propagator: { test: has('inject', 'extract'), expects: 'a TextMapPropagator' },
  continueTrace: { test: isBoolean, expects: 'true or false' },
  recordErrors: { test: isBoolean, expects: 'true or false' },
};

/** @throws ConfigurationError that names all that is wrong */
export function checkOptions(options: OpenTelemetryOptions): void {
  const faults = Object.entries(options).flatMap(([name, value]): Fault[] => {
    const at = 'openTelemetry';
    if (!Object.hasOwn(rules, name)) {
      const message = `there is no option "${name}"; there are ${Object.keys(rules).join(', ')}`;
      return [{ code: 'UNKNOWN_OPTION', at, message }];
    }
    const { test, expects } = rules[name as keyof OpenTelemetryOptions];
    if (value === undefined || test(value)) return [];
    return [{ code: 'INVALID_OPTION', at, message: `${name} must be ${expects}` }];
  });
  if (faults.length > 0) throw new ConfigurationError('There is no such telemetry:', faults);
}
