import { memoryEngine, type StoreOptions } from 'stepstream';
import { useRedis } from './use-redis.js';

type Connection = StoreOptions['connection'];

/** Both engines, for `describe.each`: each gives a store of its own for the describe that it is called in. */
export const engines: readonly (readonly [name: string, useConnection: () => () => Connection])[] = [
  [
    'embedded',
    () => {
      const engine = memoryEngine();
      afterAll(() => engine.close());
      return () => engine;
    },
  ],
  [
    'on Redis',
    () => {
      const server = useRedis();
      return () => server().url;
    },
  ],
];
