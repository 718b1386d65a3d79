import {
  Global,
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type Type,
} from '@nestjs/common';
import { of, type Observable } from 'rxjs';
import { memoryEngine, Processor, Step, type App, type Job, type StepJob } from 'stepstream';
import { getAppToken, InjectApp, StepstreamModule } from 'stepstream/nestjs';
import { World } from '../support/world.js';
import { close, closeAll, compiled, started } from './nest.js';

afterEach(closeAll);

const happened: string[] = [];
beforeEach(() => void happened.splice(0));

/** A database that a module has opened, and closes in the first hook that Nest calls. */
@Injectable()
class Database implements OnModuleDestroy {
  open = true;
  save(what: string): string {
    if (!this.open) throw new Error('the database is closed');
    happened.push(`saved ${what}`);
    return what;
  }
  onModuleDestroy(): void {
    this.open = false;
    happened.push('database closed');
  }
}

const world = new World();

@Processor('orders')
class Orders {
  constructor(private readonly database: Database) {}
  @Step() charge({ data }: StepJob): Observable<unknown> {
    happened.push(`charging ${String(data)}`);
    return world.timer(5_000);
  }
  @Step() ship(): Observable<string> {
    return of(this.database.save('too much: a durable write is the last of a worker that closes'));
  }
}

/** Its last step takes its time, and saves before it ends. */
@Processor('slow')
class Slow {
  constructor(private readonly database: Database) {}
  @Step() async write({ data }: StepJob<string>): Promise<string> {
    happened.push(`writing ${data}`);
    await wrote.promise;
    return this.database.save(data);
  }
}

let wrote = later();
beforeEach(() => (wrote = later()));

function later() {
  let done!: () => void;
  const promise = new Promise<void>((resolve) => (done = resolve));
  return { promise, done };
}

@Module({ providers: [Database], exports: [Database] })
class DatabaseModule {}

@Module({ imports: [DatabaseModule], providers: [Slow] })
class SlowModule {}

@Global()
@Module({ providers: [Database], exports: [Database] })
class GlobalDatabaseModule {}

/** Where a database may stand, seen from the root. */
const places: readonly (readonly [string, readonly Type[], readonly Type[]])[] = [
  ['a module farther from the root', [SlowModule], []],
  ["the processor's own module, the root", [], [Database, Slow]],
  ['a global module', [GlobalDatabaseModule], [Slow]],
];

describe('the life of the application', () => {
  it('workers start when the application is ready: nothing runs while it is made, nor before the last bootstrap hook', async () => {
    @Injectable()
    class Warming implements OnApplicationBootstrap {
      constructor(@InjectApp() private readonly app: App) {}
      async onApplicationBootstrap(): Promise<void> {
        const job = await this.app.queue('slow').add('job', 'A');
        await new Promise((resolve) => setImmediate(resolve));
        happened.push(`warm, and the job is ${await job.getState()}`);
      }
    }
    wrote.done();
    const engine = memoryEngine();
    const claim = jest.spyOn(engine, 'claim');
    const nest = await compiled({
      imports: [StepstreamModule.forRoot({ connection: engine }), SlowModule],
      providers: [Warming],
    });
    expect(claim).not.toHaveBeenCalled();
    await nest.init();
    const app = nest.get<App>(getAppToken());
    const [job] = (await app.queue('slow').getJobs()) as [Job];
    await job.result();
    expect(happened).toEqual(['warm, and the job is waiting', 'writing A', 'saved A']);
  });

  it('nothing connects when the module is imported or made: a Redis that is not there is not noticed', async () => {
    const nest = await compiled({
      imports: [StepstreamModule.forRoot({ connection: 'redis://127.0.0.1:1' }), SlowModule],
    });
    await close(nest);
    expect(nest.get<App>(getAppToken())).toBeDefined();
  });

  it('with `workers: false` the process adds jobs and runs none', async () => {
    const nest = await started({ imports: [StepstreamModule.forRoot({ workers: false }), SlowModule] });
    const app = nest.get<App>(getAppToken());
    const job = await app.queue(Slow).add('job', 'A');
    await new Promise((resolve) => setImmediate(resolve));
    expect(await job.getState()).toBe('waiting');
    expect((await app.health()).status).toBe('up');
    expect(happened).toEqual([]);
  });

  it.each(places)(
    'W4: the last step of a running job finds the database open, in %s, however early that is closed; Nest needs no shutdown hooks',
    async (_, imports, providers) => {
      const engine = memoryEngine();
      const nest = await started({
        imports: [StepstreamModule.forRoot({ connection: engine }), ...imports],
        providers: [...providers],
      });
      const app = nest.get<App>(getAppToken());
      const job = await app.queue(Slow).add('job', 'A');
      await until(() => happened.length > 0);
      const late = later();
      app.worker(Slow).once('closing', () => {
        void app.queue(Slow).add('job', 'B').then(late.done);
      });
      const closed = close(nest).then(() => happened.push('application closed'));
      await late.promise; // while it drains a request may still add a job
      wrote.done();
      await closed;
      expect(happened).toEqual(['writing A', 'saved A', 'database closed', 'application closed']);
      expect(await engine.get('slow', job.id)).toMatchObject({ state: 'completed' });
      expect(await engine.get('slow', '2')).toMatchObject({ state: 'waiting', data: '"B"' });
    },
  );

  it('W4: what has not come to its next write after the `grace` of the module is put back', async () => {
    const nest = await started({
      imports: [DatabaseModule, StepstreamModule.forRoot({ connection: world.engine, grace: '3 s' })],
      providers: [Orders],
    });
    const job = await nest.get<App>(getAppToken()).queue(Orders).add('job', 'A');
    await world.settle();
    const before = world.clock.now();
    await world.until(close(nest));
    expect(world.clock.now() - before).toBe(3_000);
    expect(world.get(job)).toMatchObject({ state: 'waiting', attemptsMade: 0 });
    expect(happened).toEqual(['charging A', 'database closed']);
  });

  it('disconnects last: other providers may add jobs in every hook but the last', async () => {
    @Injectable()
    class Reporter implements OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown {
      constructor(@InjectApp() private readonly app: App) {}
      readonly onModuleDestroy = (): Promise<void> => this.add('onModuleDestroy');
      readonly beforeApplicationShutdown = (): Promise<void> => this.add('beforeApplicationShutdown');
      readonly onApplicationShutdown = (): Promise<void> => this.add('onApplicationShutdown');
      async add(hook: string): Promise<void> {
        await this.app.queue('reports').add('report', hook);
        happened.push(hook);
      }
    }
    const nest = await started({ imports: [StepstreamModule.forRoot()], providers: [Reporter] });
    const app = nest.get<App>(getAppToken());
    jest.spyOn(app.engine, 'close').mockImplementation(() => void happened.push('disconnected'));
    await close(nest);
    expect(happened).toEqual(['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown', 'disconnected']);
  });

  it('several connections drain at the same time', async () => {
    const roots = ['default', 'archive'].map((name) => StepstreamModule.forRoot({ name, connection: memoryEngine() }));
    const nest = await started({ imports: [...roots, SlowModule] });
    const apps = [nest.get<App>(getAppToken()), nest.get<App>(getAppToken('archive'))];
    const drains = apps.map((app) => jest.spyOn(app, 'drain'));
    await apps[0]!.queue(Slow).add('job', 'A');
    await until(() => happened.length > 0);
    const closed = close(nest);
    await until(() => drains.every((drain) => drain.mock.calls.length === 1));
    expect(happened).toEqual(['writing A']);
    wrote.done();
    await closed;
  });

  it('an application that can not make a processor does not start, on no connection, and closes', async () => {
    @Processor('broken')
    class Broken {
      @Step() step(): Observable<number> {
        return of(1);
      }
    }
    const nest = await compiled({
      imports: [
        StepstreamModule.forRoot(),
        SlowModule,
        StepstreamModule.forRoot({ name: 'archive' }),
        StepstreamModule.registerQueue({ name: Broken, connection: 'archive' }),
      ],
      providers: [{ provide: Broken, useFactory: () => ({ another: 'object' }) }],
    });
    await expect(nest.init()).rejects.toThrow('what the container gave for Broken has no method step');
    expect(nest.get<App>(getAppToken()).worker(Slow).isRunning()).toBe(false);
    await close(nest);
  });

  it('a server that is closed while it gets ready takes no jobs, and is told of no mistake', async () => {
    const [began, ready] = [later(), later()];
    @Injectable()
    class Warming implements OnApplicationBootstrap {
      onApplicationBootstrap(): Promise<void> {
        began.done();
        return ready.promise;
      }
    }
    const engine = memoryEngine();
    const claim = jest.spyOn(engine, 'claim');
    const imports = [StepstreamModule.forRoot({ connection: engine }), SlowModule];
    const nest = (await compiled({ imports, providers: [Warming] })).createNestApplication({ logger: false });
    const initialized = nest.init();
    await began.promise;
    const closed = nest.close();
    ready.done();
    await initialized;
    await closed;
    expect(claim).not.toHaveBeenCalled();
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
