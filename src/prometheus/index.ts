export { prometheus, type Prometheus, type PrometheusOptions } from './prometheus.js';
