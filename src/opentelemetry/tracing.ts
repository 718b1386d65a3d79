import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Exception,
  type Link,
} from '@opentelemetry/api';
import { type NewSpan, type Span, type Tracing } from '../index.js';
import { extract, inject } from './carrier.js';
import type { OpenTelemetryOptions } from './options.js';

const kinds = { producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL } as const;

/** Spans of OpenTelemetry; the active one is that of its context manager. */
export function tracingOn({
  tracerProvider = trace,
  propagator = propagation,
  continueTrace = false,
  recordErrors = false,
}: OpenTelemetryOptions): Tracing {
  const tracer = tracerProvider.getTracer('stepstream');
  const contexts = new WeakMap<Span, Context>();

  function start({ name, kind, attributes, parent, producer }: NewSpan): Span {
    const { around, links } =
      kind === 'consumer'
        ? contextOfJob(producer)
        : { around: (parent && contexts.get(parent)) ?? context.active(), links: [] };
    const all = { ...attributes, 'messaging.system': attributes['messaging.system.name'] }; // its name until 2026: by it backends find queues
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes: all, links }, around);
    const within = trace.setSpan(around, span);
    const made: Span = {
      metadata: kind === 'producer' ? inject(propagator, within) : undefined,
      run: (code) => context.with(within, code),
      end(last, error) {
        try {
          span.setAttributes(last);
          if (error !== undefined) {
            span.setStatus({ code: SpanStatusCode.ERROR });
            if (recordErrors) span.recordException(error as Exception); // throws what a getter of the error does
          }
        } finally {
          span.end();
        }
      },
    };
    contexts.set(made, within);
    return made;
  }

  /** A trace of its own, with the baggage of who has added the job, and a link there. */
  function contextOfJob(producer: string | undefined): { around: Context; links: Link[] } {
    const around = producer === undefined ? ROOT_CONTEXT : extract(propagator, producer);
    const added = trace.getSpanContext(around);
    const links = added ? [{ context: added }] : [];
    return { around: continueTrace ? around : trace.deleteSpan(around), links };
  }

  return { start, detached: (code) => context.with(ROOT_CONTEXT, code) };
}
