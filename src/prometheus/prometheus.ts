import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Metrics } from '../index.js';
import { Gauges } from './gauges.js';
import { checkOptions, type PrometheusOptions } from './options.js';
import { processLines } from './process-lines.js';
import { Series } from './series.js';

/** Collects figures in this process, and tells them in Prometheus' text format. */
export interface Prometheus {
  /** For the option `telemetry`; one object may serve several apps, queues and workers of one store. */
  readonly metrics: Metrics;
  readonly contentType: string;
  /** The queues are counted for each call. A store that can't be reached leaves out their lines, not the others. */
  text(): Promise<string>;
  /** Answers any request with the text: for `node:http`, or a route of Express. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
}

/**
 * Figures for Prometheus, without OpenTelemetry: the same ones, named as its Prometheus exporter names them.
 *
 * @throws ConfigurationError that names all that is wrong
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { prometheus } from 'stepstream/prometheus';
 *
 * const figures = prometheus();
 * const app = createApp({ processors: [OrderProcessor], connection, telemetry: figures });
 * createServer(figures.handler).listen(9464, '127.0.0.1');
 * ```
 */
export function prometheus(options: PrometheusOptions = {}): Prometheus {
  checkOptions(options);
  const { labels = {}, process = true } = options;
  const series = new Series(labels);
  const gauges = new Gauges(labels);

  async function text(): Promise<string> {
    return [...series.lines(), ...(await gauges.lines()), ...(process ? processLines(labels) : [])].join('\n') + '\n';
  }

  return {
    metrics: {
      count: (name, by, attributes) => series.count(name, by, attributes),
      record: (name, seconds, attributes) => series.record(name, seconds, attributes),
      observe: (name, ask) => gauges.observe(name, ask),
    },
    contentType,
    text,
    handler: (_request, response) => {
      text()
        .then((body) => response.writeHead(200, { 'content-type': contentType }).end(body))
        .catch((error: Error) => response.destroy(error)); // somebody has answered before
    },
  };
}

const contentType = 'text/plain; version=0.0.4; charset=utf-8';
