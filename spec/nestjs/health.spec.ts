import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { of, type Observable } from 'rxjs';
import { Processor, Step, type App } from 'stepstream';
import { getAppToken, StepstreamHealthIndicator, StepstreamModule } from 'stepstream/nestjs';

@Processor('orders')
class Orders {
  @Step() step(): Observable<number> {
    return of(1);
  }
}

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly stepstream: StepstreamHealthIndicator,
  ) {}
  @Get() @HealthCheck() check(): unknown {
    return this.health.check([
      () => this.stepstream.isHealthy('jobs'),
      async () => this.stepstream.isHealthy('archive', { connection: 'archive' }),
    ]);
  }
  @Get('degraded') @HealthCheck() degraded(): unknown {
    return this.health.check([() => this.stepstream.isHealthy('jobs', { degraded: 'degraded' })]);
  }
  @Get('down') @HealthCheck() down(): unknown {
    return this.health.check([() => this.stepstream.isHealthy('jobs', { degraded: 'down' })]);
  }
}

@Module({
  imports: [
    TerminusModule.forRoot({ logger: false }),
    StepstreamModule.forRoot(),
    StepstreamModule.forRoot({ name: 'archive' }),
  ],
  providers: [Orders],
  controllers: [HealthController],
})
class AppModule {}

describe("terminus' health check", () => {
  let nest: INestApplication;
  let url: string;
  beforeAll(async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    nest = module.createNestApplication({ logger: false });
    await nest.listen(0, '127.0.0.1');
    url = `${await nest.getUrl()}/health`;
  });
  afterAll(() => nest.close());

  const check = async (path = '') => {
    const response = await fetch(`${url}${path}`);
    return { code: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('shows the store and the workers of each connection', async () => {
    const { code, body } = await check();
    expect(code).toBe(200);
    expect(body).toMatchObject({
      status: 'ok',
      info: {
        jobs: { status: 'up', problems: [], store: { status: 'up' }, workers: [{ queue: 'orders', running: true }] },
        archive: { status: 'up', workers: [] },
      },
    });
  });

  it('is up, degraded or down, as the check says, when a worker takes no jobs, and down when the app drains', async () => {
    const app = nest.get<App>(getAppToken());
    await app.worker(Orders).close();
    const problems = ['the worker of queue orders takes no jobs: it is closed'];
    expect(await check()).toMatchObject({
      code: 200,
      body: { status: 'ok', info: { jobs: { status: 'up', problems } } },
    });
    expect(await check('/degraded')).toMatchObject({
      code: 200,
      body: { status: 'degraded', details: { jobs: { status: 'degraded', problems } } },
    });
    expect(await check('/down')).toMatchObject({
      code: 503,
      body: { status: 'error', error: { jobs: { status: 'down', problems } } },
    });
    await app.drain();
    const { code, body } = await check();
    expect(code).toBe(503);
    expect(body).toMatchObject({
      error: { jobs: { problems: ['the app is closing'] } },
      info: { archive: { status: 'up' } },
    });
  });
});
