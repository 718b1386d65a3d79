export type { PrometheusOptions } from './options.js';
export { prometheus, type Prometheus } from './prometheus.js';
