import { Inject, Injectable, Scope } from '@nestjs/common';
import {
  ContextIdFactory,
  REQUEST,
  type ContextId,
  type ContextIdStrategy,
  type HostComponentInfo,
} from '@nestjs/core';
import { delay, Processor, ResolveError, Step, type App, type Job, type StepJob } from 'stepstream';
import { getAppToken, InjectQueue, StepstreamModule } from 'stepstream/nestjs';
import { of, type Observable } from 'rxjs';
import { World } from '../support/world.js';
import { closeAll, started } from './nest.js';

afterEach(closeAll);

let made = 0;
beforeEach(() => (made = 0));

@Injectable({ scope: Scope.REQUEST })
class Tenant {
  readonly number = ++made;
  constructor(@Inject(REQUEST) readonly job: Job<{ tenant: string }>) {
    if (job.data.tenant === 'nobody') throw new Error('there is no such tenant');
  }
}

@Injectable()
class Rates {
  of(tenant: string): number {
    return tenant.length;
  }
}

@Processor('invoices')
class Invoices {
  constructor(
    private readonly tenant: Tenant,
    private readonly rates: Rates,
    @InjectQueue('mail') private readonly mail: { readonly name: string },
  ) {}
  @Step() rate(job: StepJob<{ tenant: string }>): Observable<unknown> {
    const { job: request, number } = this.tenant;
    return of([request.id === job.id, request.data.tenant, number, this.rates.of(request.data.tenant)]);
  }
  @Step() send(_job: StepJob, rated: unknown): Observable<unknown> {
    return of(rated).pipe(delay('1 day'));
  }
  @Step() sent(_job: StepJob, rated: unknown): Observable<unknown> {
    return of([rated, this.tenant.number, this.mail.name]);
  }
}

const queues = StepstreamModule.registerQueue(Invoices, 'mail');

/** What comes of an invoice for a tenant. */
async function invoicing(): Promise<(tenant: string) => Promise<unknown>> {
  const world = new World();
  const imports = [StepstreamModule.forRoot({ connection: world.engine }), queues];
  const nest = await started({ imports, providers });
  expect(made).toBe(0);
  const queue = nest.get<App>(getAppToken()).queue(Invoices);
  return async (tenant) => world.until((await queue.add('invoice', { tenant })).result());
}
const providers = [Tenant, Rates, Invoices];

describe('a request-scoped processor', () => {
  it('is resolved for each activation of a job, which is its REQUEST, and shared by the steps of it', async () => {
    const invoice = await invoicing();
    expect(await invoice('Ada')).toEqual([[true, 'Ada', 1, 3], 2, 'mail']);
    expect(await invoice('Babbage')).toEqual([[true, 'Babbage', 3, 7], 4, 'mail']);
  });

  it('that can not be made fails its job, not the worker', async () => {
    const invoice = await invoicing();
    const failing = invoice('nobody');
    await expect(failing).rejects.toThrow(ResolveError);
    await expect(failing).rejects.toThrow('Invoices could not be made for job 1: there is no such tenant');
    expect(await invoice('Ada')).toBeDefined();
  });

  it('works beside one of another scope: a transient one is made once, for the worker', async () => {
    @Processor('counts')
    @Injectable({ scope: Scope.TRANSIENT })
    class Counts {
      readonly number = ++made;
      @Step() count(): Observable<number> {
        return of(this.number);
      }
    }
    const nest = await started({ imports: [StepstreamModule.forRoot(), queues], providers: [...providers, Counts] });
    const queue = nest.get<App>(getAppToken()).queue(Counts);
    const first = await (await queue.add('count', 1)).result();
    expect(await (await queue.add('count', 1)).result()).toBe(first);
  });

  it("may be durable: Nest's strategy is asked with the job, and one instance serves all jobs of a tenant", async () => {
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Pool {
      readonly number = ++made;
      constructor(@Inject(REQUEST) readonly payload: { readonly tenant: string }) {}
    }
    @Processor('queries')
    class Queries {
      constructor(private readonly pool: Pool) {}
      @Step() query(): Observable<unknown> {
        return of([this.pool.payload.tenant, this.pool.number]);
      }
    }
    const tenants = new Map<string, ContextId>();
    const strategy: ContextIdStrategy<Job<string>> = {
      attach(contextId, { data: tenant }) {
        const ofTenant = tenants.get(tenant) ?? ContextIdFactory.create();
        tenants.set(tenant, ofTenant);
        return {
          resolve: (info: HostComponentInfo) => (info.isTreeDurable ? ofTenant : contextId),
          payload: { tenant },
        };
      },
    };
    ContextIdFactory.apply(strategy);
    try {
      const nest = await started({ imports: [StepstreamModule.forRoot()], providers: [Pool, Queries] });
      const queue = nest.get<App>(getAppToken()).queue(Queries);
      const results = [];
      for (const tenant of ['Ada', 'Babbage', 'Ada']) results.push(await (await queue.add('query', tenant)).result());
      expect(results).toEqual([
        ['Ada', 1],
        ['Babbage', 2],
        ['Ada', 1],
      ]);
    } finally {
      ContextIdFactory.apply(undefined as never);
    }
  });
});
