// A dashboard for queues: an adapter for @bull-board/api.
export { StepstreamAdapter, type StepstreamAdapterOptions } from './stepstream-adapter.js';
