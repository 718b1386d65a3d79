import { FlowProducer, type StoreOptions } from 'stepstream';

const url = process.env['REDIS_URL'];

/** Redis at REDIS_URL. Without it the jobs are kept by an engine in this process. */
export const store: StoreOptions = url ? { connection: url } : {};

export const flow = new FlowProducer(store);
