import type { Telemetry } from '../index.js';
import { metricsOn } from './metrics.js';
import { checkOptions, type OpenTelemetryOptions } from './options.js';
import { tracingOn } from './tracing.js';

/**
 * Traces and metrics by OpenTelemetry's messaging conventions, through `@opentelemetry/api`: set up an SDK first.
 *
 * @throws ConfigurationError
 * @example
 * ```ts
 * import { openTelemetry } from 'stepstream/opentelemetry';
 *
 * const app = createApp({ processors: [OrderProcessor], connection, telemetry: openTelemetry() });
 * ```
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Telemetry {
  checkOptions(options);
  return { tracing: tracingOn(options), metrics: metricsOn(options) };
}
