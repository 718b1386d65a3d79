import { StoreUnavailableError, type App } from '../../index.js';
import type { Given } from '../command.js';
import { isStoreError, type StoreError } from '../store-error.js';
import { withStore } from '../store.js';
import { finding, skipped, type Area, type Check } from './check.js';
import { queueChecks } from './queue-checks.js';
import { serverChecks } from './server-checks.js';

/** What can be seen of Redis, and of the queues in it. */
export async function redisAreas(url: string | undefined, given: Given): Promise<readonly Area[]> {
  if (url === undefined) {
    const found =
      'no Redis was named by --redis or REDIS_URL: an app without a connection keeps its jobs in its own process';
    return [{ title: 'Redis', checks: [skipped('redis', found)] }];
  }
  const warnings: string[] = [];
  try {
    return await withStore(
      url,
      given,
      (message) => warnings.push(message),
      async (app) => {
        const checks = await serverChecks(app.engine);
        const queues = await allowed('queues', () => queueChecks(app));
        return [
          { title: 'Redis', checks: [...checks, ...warnings.flatMap(warned), ...(await permissionChecks(app))] },
          { title: 'Queues', checks: queues },
        ];
      },
    );
  } catch (error) {
    if (!isStoreError(error)) throw error;
    const check = finding('problem', 'redis', {
      found: error.message,
      why: 'without Redis no job is added, and none is run',
      fix: fixOf(error),
    });
    return [{ title: 'Redis', checks: [check] }];
  }
}

function fixOf(error: StoreError): string {
  if (error.code === 'UNSUPPORTED_STORE') {
    return 'Redis 7.0 or Valkey 7.2 or newer; of a cluster, a prefix with a {hash tag}: docs/redis.md';
  }
  if (['CONNECTION', 'TIMEOUT'].includes(error.reason)) return 'start Redis, or correct --redis or REDIS_URL';
  if (['NOAUTH', 'WRONGPASS'].includes(error.reason)) return 'correct user and password in --redis or REDIS_URL';
  return 'what it says; docs/redis.md, "When Redis fails", tells more';
}

/** What the engine itself has to say of a server that it connects to. */
function warned(message: string): readonly Check[] {
  if (message.includes('maxmemory-policy')) return []; // looked at more closely, also where there is no limit yet
  const [found = message, fix = 'see docs/redis.md'] = message.split(/: (?=set )/);
  return [finding('warning', 'redis-open', { found, why: 'job data can be read and changed by strangers', fix })];
}

/** Commands beside those that reading takes, as far as they can be tried without a change. */
function permissionChecks(app: App): Promise<readonly Check[]> {
  return allowed('redis-permissions', async () => {
    await app.engine.clients('stepstream-doctor', 'workers');
    return [];
  });
}

/** What the user may not do is a finding, and no end of the look. */
async function allowed(id: string, look: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError) || error.reason !== 'NOPERM') throw error;
    const found = error.message;
    const why =
      'an engine whose script is stopped halfway leaves a job half written, and one that may not list clients notices deaths late';
    return [finding('problem', id, { found, why, fix: 'grant what docs/redis.md lists under "A user of its own"' })];
  }
}
