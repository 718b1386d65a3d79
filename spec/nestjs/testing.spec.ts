import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { concatMap, of, timer, type Observable } from 'rxjs';
import { delay, Processor, Step, type App, type Job, type Queue, type StepJob } from 'stepstream';
import { getAppToken, getQueueToken, InjectQueue, nestResolver, StepstreamModule } from 'stepstream/nestjs';
import { crashMatrix, JobTestBed } from 'stepstream/testing';
import { closeAll, compiled, started } from './nest.js';

afterEach(closeAll);

@Injectable()
class Mail {
  ask(whom: string): Observable<string> {
    return of(`asked ${whom}`);
  }
}

@Processor('orders')
class Orders {
  constructor(private readonly mail: Mail) {}
  @Step() charge({ data }: StepJob<string>): Observable<string> {
    return of(`receipt of ${data}`);
  }
  @Step() review(_job: StepJob, receipt: string): Observable<string> {
    return of(receipt).pipe(
      delay('3 days'),
      concatMap((text) => this.mail.ask(text)),
    );
  }
}

@Injectable()
class Checkout {
  constructor(@InjectQueue(Orders) private readonly orders: Queue<string>) {}
  async buy(what: string): Promise<string> {
    return (await this.orders.add('order', what)).id;
  }
}

@Module({
  imports: [StepstreamModule.registerQueue(Orders)],
  providers: [Mail, Orders, Checkout],
})
class OrdersModule {}

describe('with @nestjs/testing', () => {
  const root = StepstreamModule.forRoot();
  const result = async (app: App): Promise<unknown> => (await app.queue(Orders).add('order', 'A')).result();
  const fake = { charge: () => of('charged'), review: () => of('faked') };
  class Fake extends Orders {
    override charge(): Observable<string> {
      return of('charged');
    }
    override review(): Observable<string> {
      return of('faked');
    }
  }

  it.each([
    ['useValue', (orders: { useValue: (value: unknown) => never }) => orders.useValue(fake)],
    ['useClass', (orders: { useClass: (value: unknown) => never }) => orders.useClass(Fake)],
    ['useFactory', (orders: { useFactory: (value: object) => never }) => orders.useFactory({ factory: () => fake })],
  ] as const)('a processor is overridden as any provider, by %s', async (_, by) => {
    const nest = await started({ imports: [root, OrdersModule] }, (builder) =>
      by(builder.overrideProvider(Orders) as never),
    );
    expect(await result(nest.get(getAppToken()))).toBe('faked');
  });

  it('a module that registers queues can be tested without a connection, its queues faked', async () => {
    const queue = { add: async (_name: string, data: string) => ({ id: `job of ${data}` }) };
    const nest = await started({ imports: [OrdersModule] }, (builder) =>
      builder.overrideProvider(getQueueToken(Orders)).useValue(queue),
    );
    expect(await nest.get(Checkout).buy('A')).toBe('job of A');
  });

  it("JobTestBed plays jobs with what Nest makes, in virtual time, overrides included; Nest's own workers stay out", async () => {
    const mail = { ask: (whom: string) => timer(2_000).pipe(concatMap(() => of(`did not ask ${whom}`))) };
    const nest = await compiled({ imports: [root, OrdersModule] }, (builder) =>
      builder.overrideProvider(Mail).useValue(mail),
    );
    const bed = new JobTestBed({ processors: [Orders], resolver: nestResolver(nest) });
    bed.run(({ add, expectJob }) => {
      expectJob(add(Orders, 'A')).toBe('(cd) 3d r 2s |', { '|': { result: 'did not ask receipt of A' } });
    });
    const matrix = crashMatrix(Orders, 'A', { resolver: nestResolver(nest) });
    expect(matrix.leaks).toEqual([]);
    expect(String(matrix)).toContain('completed: "did not ask receipt of A"');
  });

  describe('a request-scoped processor in JobTestBed', () => {
    @Injectable({ scope: Scope.REQUEST })
    class Tenant {
      constructor(@Inject(REQUEST) readonly job: Job<string>) {}
    }
    @Processor('invoices')
    class Invoices {
      constructor(private readonly tenant: Tenant) {}
      @Step() send(): Observable<string> {
        return of(this.tenant.job.data).pipe(delay('1 day'));
      }
    }

    it('is played in the asynchronous mode', async () => {
      const nest = await compiled({ providers: [Tenant, Invoices] });
      const bed = new JobTestBed({ processors: [Invoices], resolver: nestResolver(nest) });
      const job = bed.add(Invoices, 'Ada');
      await bed.settled(job);
      expect(job.result).toBe('Ada');
    });

    it('can not be played in virtual time, as Nest makes it by promises: the error says so', async () => {
      const nest = await compiled({ providers: [Tenant, Invoices] });
      const bed = new JobTestBed({ processors: [Invoices], resolver: nestResolver(nest) });
      expect(() => bed.run(({ add }) => add(Invoices, 'Ada'))).toThrow('promise');
    });
  });

  it('a processor that no module provides is told of', async () => {
    const nest = await compiled({ providers: [] });
    const bed = new JobTestBed({ processors: [Orders], resolver: nestResolver(nest) });
    expect(() => bed.run(({ add }) => add(Orders, 'A'))).toThrow(
      'no module of the application provides Orders: add it to the providers of one',
    );
  });
});
