import { setImmediate as nextTurn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { systemClock, type Clock } from '../../../src/engine/clock.js';
import { Link, type Dedicated } from '../../../src/engine/redis/link.js';
import { engineOn } from '../../../src/engine/redis/store-engine.js';
import { Store, type StoreLink } from '../../../src/engine/redis/store.js';
import type { EngineUnderTest } from '../../contract/bench.js';
import { ManualClock } from '../../support/manual-clock.js';
import type { TestRedis } from '../../support/redis-server.js';
import { inVirtualTime, passTime, startTime } from './virtual-time.js';

let stores = 0;

/** Makes a user of a prefix; answers the URL by which it connects. */
export type MakeUser = (prefix: string) => Promise<string>;

export interface UnderTestOptions {
  /** The engine connects as the user that is made for it. Default: the server's own. */
  readonly makeUser?: MakeUser;
  /** Scripts whose every call is made twice, as when its answer was lost: the second answer is the one that is heard. */
  readonly twice?: readonly string[];
}

/** The Redis engine on a store of its own, in virtual time. */
export async function redisUnderTest(
  { url }: TestRedis,
  { makeUser = async () => url, twice = [] }: UnderTestOptions = {},
): Promise<EngineUnderTest> {
  const prefix = `test-${++stores}`;
  const clock = new ManualClock();
  const link = new Link({ connection: await makeUser(prefix), prefix, clock: systemClock, warn: () => {} });
  const control = new Redis(url);
  await startTime(control, prefix, clock.now());
  const reading = new Reading(control);
  const seen: StoreLink = {
    call(script, args, options) {
      const first = link.call(inVirtualTime(script), args, options);
      if (!twice.includes(script.name)) return first;
      first.catch(() => {}); // the second one tells
      return link.call(inVirtualTime(script), args, options);
    },
    send: (command, args, options) => link.send(command, args, options),
    dedicated: (name) => reading.watched(link.dedicated(name)),
    start: () => link.start(),
    get status() {
      return link.status;
    },
    close: () => link.close(),
  };
  const store = new Store({ link: seen, prefix, clock: running(clock), process: `p${stores}`, warn: () => {} });
  const engine = engineOn(store);
  let closed = false;
  return {
    engine: {
      ...engine,
      async close() {
        closed = true;
        await engine.close();
        control.disconnect();
      },
    },
    async advance(ms) {
      if (closed) return;
      await reading.done();
      clock.block(ms); // first: an answer on its way would make it jump twice
      await passTime(control, prefix, ms);
      clock.advance(0);
      await reading.done();
    },
    shared: true,
    held: () => clock.pending + link.held,
  };
}

/** What is to be done at once is done at the next turn of the event loop; only waiting needs the test's hand. */
function running(clock: ManualClock): Clock {
  return {
    now: () => clock.now(),
    after(ms, action) {
      if (ms > 0) return clock.after(ms, action);
      const immediate = setImmediate(action);
      return () => clearImmediate(immediate);
    },
  };
}

/** Knows whether an engine has read all that there is to read. */
class Reading {
  readonly #control: Redis;
  /** What is waited for now, and on which connection. */
  readonly #waiting = new Map<object, readonly (string | number | Buffer)[]>();

  constructor(control: Redis) {
    this.#control = control;
  }

  watched(connection: Dedicated): Dedicated {
    const block = connection.block.bind(connection);
    connection.block = async (command, args) => {
      this.#waiting.set(connection, [command, ...args]);
      const answer = await block(command, args);
      this.#waiting.delete(connection);
      return answer;
    };
    return connection;
  }

  async done(): Promise<void> {
    do {
      await nextTurn();
      await this.#control.ping();
      await nextTurn();
    } while (!(await this.#isDone()));
  }

  async #isDone(): Promise<boolean> {
    for (const [command, ...args] of this.#waiting.values()) {
      if (command === 'BZPOPMIN' && (await this.#control.exists(args[0] as string)) > 0) return false;
      if (command !== 'XREAD') continue;
      const streams = args.slice(args.indexOf('STREAMS') + 1) as string[];
      for (let i = 0; i < streams.length / 2; i++) {
        const [last] = await this.#control.xrevrange(streams[i]!, '+', '-', 'COUNT', 1);
        if (last && last[0] !== streams[i + streams.length / 2]) return false;
      }
    }
    return true;
  }
}
