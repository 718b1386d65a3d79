import { isDeepStrictEqual } from 'node:util';
import type { Claimed, Recovery } from '../../../src/engine/engine.js';
import type { JobRecord, Lease } from '../../../src/engine/records.js';
import { StepstreamError } from '../../../src/errors.js';
import type { EngineUnderTest } from '../../contract/bench.js';
import { isLease, textOf, withLeases, type Call, type Outcome } from './call.js';
import { createModel, type Model } from './model.js';
import { lookAtEngine, lookAtModel } from './picture.js';
import { Ears } from './ears.js';

export const queues = ['a', 'b'] as const;
export type QueueName = (typeof queues)[number];
