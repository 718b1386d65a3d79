import 'reflect-metadata';

// The app: composition root of everything below.
export { createApp, type App } from './app.js';
export type { AppOptions } from './app-options.js';
export type { AppHealth, AppPhase, HealthOptions, StoreHealth, WorkerHealth } from './health.js';
export type { CloseOptions } from './job/close-options.js';
export type { StoreOptions } from './stores.js';
export type { Resolver } from './resolver.js';
export { perJob, PerJob, type JobInstance } from './per-job.js';
export type { Logger } from './job/logger.js';

// Telemetry: what `stepstream/opentelemetry` and `stepstream/prometheus` are made of.
export type { Attributes, Metrics, NewSpan, Observation, Span, Telemetry, Tracing } from './telemetry/telemetry.js';
export type { BullmqTelemetry } from './telemetry/bullmq-telemetry.js';
export type { TelemetryOption } from './telemetry/telemetry-option.js';
export { GaugeSources } from './telemetry/gauge-sources.js';
export { telemetryFigures, type CounterName, type GaugeName, type HistogramName } from './telemetry/figures.js';

// Decorators: what makes a class a processor.
export { InjectQueue } from '../decorators/inject-queue.js';
export { Processor } from '../decorators/processor.js';
export { Step, type StepMethod } from '../decorators/step.js';
export {
  processorOf,
  stepsOf,
  type Class,
  type ProcessorOptions,
  type StepMetadata,
  type StepOptions,
} from './steps/metadata.js';

// Durable operators, for the pipes of steps.
export { addChildren } from './operators/add-children.js';
export { awaitChildren } from './operators/await-children.js';
export { checkpoint } from './operators/checkpoint.js';
export { checkpointMap } from './operators/checkpoint-map.js';
export { delay } from './operators/delay.js';
export { finish } from './operators/finish.js';
export { goto } from './operators/goto.js';
export type { ChildOutcome, ChildSpec, DataOf } from './steps/children.js';
export type { Duration } from './job/duration.js';
export type { StepJob } from './steps/step-job.js';

// Jobs and queues, from outside; and workers that run a function.
export { Job, type WaitOptions } from './job/job.js';
export type { JobEvent } from './job/watched-job.js';
export type { JobProgress } from './job/job-progress.js';
export { checkpointOf, type JobCheckpoint, type SavedGate } from './steps/job-checkpoint.js';
export type { Dependencies, DependenciesOptions } from './job/job-dependencies.js';
export { Queue, type BulkJob } from './queue/queue.js';
export type { QueueEventsOptions, QueueOptions } from './queue/queue-options.js';
export type { JobType, QueueMetrics } from './queue/queue-getters.js';
export type { JobScheduler, JobTemplate, RepeatOptions } from './queue/job-schedulers.js';
export { QueueEvents } from './queue/queue-events.js';
export type { QueueEvent, QueueEventArguments, QueueEventName } from './queue/queue-event.js';
export { FlowProducer } from './queue/flow-producer.js';
export type { FlowJob, FlowOptions, FlowQuery, JobNode } from './queue/flow.js';
export { Worker } from './worker/worker.js';
export type { WorkerEvents } from './worker/worker-events.js';
export type { WorkerFunction } from './worker/worker-function.js';
export type { BackoffStrategy, WorkerOptions } from './worker/worker-options.js';
export type {
  Backoff,
  BackoffOptions,
  Deduplication,
  JobOptions,
  JobState,
  JobTelemetry,
  KeepJobs,
  ParentOptions,
} from './engine/records.js';
export type { RateLimit, RetryOptions } from './engine/admin.js';
export type { Logs } from './engine/engine.js';

// Engines: where jobs are kept.
export { memoryEngine, type MemoryEngineOptions } from './engine/memory/memory-engine.js';
export { systemClock, type Cancel, type Clock } from './engine/clock.js';
export { jsonCodec, type Codec } from './engine/codec.js';
export type { ConnectionStatus, Engine, EngineStatus } from './engine/engine.js';
export type { RedisCluster, RedisConnection, RedisInstance } from './engine/redis/connection.js';
export type { JobRecord, Lease, NewJob, Write } from './engine/records.js';

// Errors: each has a stable code.
export * from './errors.js';
