import { connect, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AbstractConnector, ClusterNode, NatMap, Redis, RedisOptions } from 'ioredis';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** What CLUSTER SLOTS answers: ranges of slots, and the nodes that serve them, the master first. */
type Slots = readonly (readonly [
  from: number,
  to: number,
  ...nodes: (readonly [host: string | null, port: number])[],
])[];

interface Ioredis {
  readonly AbstractConnector: typeof AbstractConnector;
  readonly Redis: new (options: RedisOptions) => Redis;
}

/**
 * A connector for ioredis: connects to the master that serves the prefix's slot, in which all its keys lie. So a cluster is one
 * connection, which keeps order and is up or isn't, as a lone Redis is. Each attempt asks one node, the next another.
 */
export function clusterConnector(
  ioredis: Ioredis,
  startupNodes: readonly ClusterNode[],
  prefix: string,
): NonNullable<RedisOptions['Connector']> {
  const known = startupNodes.map(addressOf);
  let nodes = known;
  let attempt = 0;

  return class extends ioredis.AbstractConnector {
    readonly #options: RedisOptions;
    #asking: Redis | undefined;

    constructor(options: unknown) {
      super((options as RedisOptions).disconnectTimeout ?? 0);
      this.#options = options as RedisOptions;
    }

    async connect(): Promise<Socket> {
      this.connecting = true;
      try {
        const master = await this.#findMaster(nodes[attempt++ % nodes.length]!);
        if (!this.connecting) throw new Error('the attempt was given up');
        const { tls } = this.#options;
        this.stream = tls ? connectTls({ ...master, ...tls }) : connect(master);
        this.stream.once('error', (error) => (this.firstError = error));
        return this.stream;
      } catch (error) {
        this.firstError = error as Error;
        return new Socket().destroy(); // which ioredis takes for a failed attempt
      }
    }

    override disconnect(): void {
      super.disconnect();
      if (this.#asking?.status !== 'end') this.#asking?.disconnect();
    }

    async #findMaster(asked: Address): Promise<Address> {
      const { Connector: _, connectionName: __, natMap, ...options } = this.#options;
      const node = new ioredis.Redis({ ...options, ...asked, db: 0, connectTimeout: 2_000, commandTimeout: 2_000 });
      this.#asking = node;
      let fault: Error | undefined;
      node.on('error', (error) => (fault = error));
      try {
        await node.connect();
        const slot = (await node.call('CLUSTER', ['KEYSLOT', prefix])) as number;
        const slots = (await node.call('CLUSTER', ['SLOTS'])) as Slots;
        // a node that doesn't know its own address leaves it out
        const told = ([host, port]: readonly [string | null, number]): Address =>
          mapped({ host: host || asked.host, port }, natMap);
        nodes = distinct([...known, ...slots.flatMap(([, , ...serving]) => serving.map(told))]);
        const master = slots.find(([from, to]) => from <= slot && slot <= to)?.[2];
        if (!master) throw new Error(`no node of the cluster serves the slot of '${prefix}'`);
        return told(master);
      } catch (error) {
        throw fault ?? error; // what the connection failed of says more than that it ended
      } finally {
        if (node.status !== 'end') node.disconnect();
      }
    }
  };
}

function addressOf(node: ClusterNode): Address {
  if (typeof node === 'number') return { host: '127.0.0.1', port: node };
  if (typeof node === 'object') return { host: node.host ?? '127.0.0.1', port: node.port ?? 6379 };
  const { hostname, port } = new URL(node.includes('://') ? node : `redis://${node}`);
  return { host: hostname, port: Number(port || 6379) };
}

function mapped({ host, port }: Address, natMap: NatMap | null | undefined): Address {
  const key = `${host}:${port}`;
  return (typeof natMap === 'function' ? natMap(key) : natMap?.[key]) ?? { host, port };
}

function distinct(addresses: readonly Address[]): Address[] {
  return [...new Map(addresses.map((address) => [`${address.host}:${address.port}`, address])).values()];
}
