import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What becomes of what passes: nothing; Redis' replies vanish; nothing passes either way, as on a line that is dead without a word. */
export type Passing = 'all' | 'no replies' | 'nothing';

/** A line to Redis that a test can break. */
export interface RedisProxy {
  readonly port: number;
  readonly url: string;
  /** From now on, on all connections; what was held back is not made up for. */
  let(passing: Passing): void;
  /** Resolves when the next reply has been swallowed; or the next command, while nothing passes. */
  swallowed(): Promise<void>;
  /** Breaks all connections. */
  cut(): void;
  /** Resolves when no connection is open any more. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

/** A TCP proxy in front of a port of loopback. */
export async function startProxy(target: number): Promise<RedisProxy> {
  let passing: Passing = 'all';
  const onSwallowed: (() => void)[] = [];
  const swallow = (): void => {
    for (const resolve of onSwallowed.splice(0)) resolve();
  };
  const pairs = new Set<readonly [Socket, Socket]>();

  const server = createServer((client) => {
    const redis = connect(target, '127.0.0.1');
    const pair = [client, redis] as const;
    pairs.add(pair);
    client.on('data', (data) => {
      if (passing !== 'nothing') redis.write(data);
      else swallow();
    });
    redis.on('data', (data) => {
      if (passing === 'all') client.write(data);
      else swallow();
    });
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        for (const each of pair) each.destroy();
        pairs.delete(pair);
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  function cut(): void {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  }

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    let(next) {
      passing = next;
    },
    swallowed: () => new Promise((resolve) => onSwallowed.push(resolve)),
    cut,
    async empty() {
      for (const pair of pairs) for (const socket of pair) if (!socket.closed) await once(socket, 'close');
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
