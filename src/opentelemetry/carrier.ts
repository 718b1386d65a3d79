import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, type Context } from '@opentelemetry/api';

/** A propagator, or OpenTelemetry's global one. */
interface Propagates {
  inject(from: Context, carrier: unknown, setter: typeof defaultTextMapSetter): void;
  extract(into: Context, carrier: unknown, getter: typeof defaultTextMapGetter): Context;
}

/** A context as it travels with a job: JSON of what the propagator writes, as `bullmq-otel` has it. */
export function inject(propagator: Propagates, from: Context): string | undefined {
  const carrier: Record<string, string> = {};
  propagator.inject(from, carrier, defaultTextMapSetter);
  return Object.keys(carrier).length === 0 ? undefined : JSON.stringify(carrier);
}

/** Anybody who adds jobs writes it: what can't be read is as good as not there. */
export function extract(propagator: Propagates, metadata: string): Context {
  try {
    const carrier: unknown = JSON.parse(metadata);
    return typeof carrier === 'object' && carrier !== null
      ? propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter)
      : ROOT_CONTEXT;
  } catch {
    return ROOT_CONTEXT;
  }
}
