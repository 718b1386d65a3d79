import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Metrics } from '../index.js';
import { isName, type Labels } from './exposition.js';
import { Gauges } from './gauges.js';
import { processLines } from './process-lines.js';
import { Series } from './series.js';

export interface PrometheusOptions {
  /** Labels of every line, such as `{ instance: 'a' }`. */
  readonly labels?: Labels;
  /** Processor time and memory of this process, too. Default true; false for who has them from elsewhere. */
  readonly process?: boolean;
}

/** Collects figures in this process, and tells them in Prometheus' text format. */
export interface Prometheus {
  /** For the option `telemetry`; one object may serve several apps, queues and workers. */
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
 * @throws TypeError for a label whose name Prometheus doesn't take
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
export function prometheus({ labels = {}, process = true }: PrometheusOptions = {}): Prometheus {
  const wrong = Object.keys(labels).find((name) => !isName(name));
  if (wrong !== undefined) throw new TypeError(`"${wrong}" is no name of a label: it has letters, digits and _`);
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
      void text().then((body) => response.writeHead(200, { 'content-type': contentType }).end(body));
    },
  };
}

const contentType = 'text/plain; version=0.0.4; charset=utf-8';
