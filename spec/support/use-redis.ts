import { startRedis, type TestRedis } from './redis-server.js';

/** A redis-server of the spec's own, from its first test to its last. To be called at the top of a spec or a `describe`. */
export function useRedis(args: readonly string[] = []): () => TestRedis {
  let server: TestRedis | undefined;
  beforeAll(async () => {
    server = await startRedis(args);
  });
  afterAll(() => server?.stop());
  return () => server!;
}
