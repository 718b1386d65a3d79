import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { StepstreamHealthIndicator } from 'stepstream/nestjs';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly stepstream: StepstreamHealthIndicator,
  ) {}

  @Get() @HealthCheck() check() {
    return this.health.check([() => this.stepstream.isHealthy('jobs')]);
  }
}
