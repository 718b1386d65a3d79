// The module, and what its calls take.
export { StepstreamModule } from './stepstream.module.js';
export type {
  AsyncOptions,
  RegisterQueueAsyncOptions,
  RegisterQueueEventsOptions,
  RegisterQueueOptions,
  StepstreamModuleAsyncOptions,
  StepstreamModuleOptions,
  StepstreamOptions,
  StepstreamOptionsFactory,
  StepstreamQueueOptions,
  StepstreamQueueOptionsFactory,
} from './options.js';

// Injection: decorators, and the tokens behind them.
export { InjectApp, InjectFlowProducer, InjectQueue, InjectQueueEvents } from './inject.js';
export { getAppToken, getFlowProducerToken, getQueueEventsToken, getQueueToken } from './tokens.js';
export { UseConnection } from './use-connection.js';

// Beside it: health for terminus, and processors for the testing kit.
export {
  StepstreamHealthIndicator,
  type HealthIndicatorOptions,
  type StepstreamHealthResult,
} from './health-indicator.js';
export { nestResolver } from './nest-resolver.js';
