import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { App, AppHealth, HealthOptions } from '../index.js';
import { getAppToken } from './tokens.js';

/** What the status of a check can be; terminus knows `degraded` from 12 on. */
type Status = 'up' | 'down' | 'degraded';

/** Options of {@link StepstreamHealthIndicator.isHealthy}. */
export interface HealthIndicatorOptions<Degraded extends Status = Status> extends HealthOptions {
  /** The name of the connection. Default: the default one. */
  readonly connection?: string;
  /** What an app counts as whose jobs can be added, while not all of its workers take some. Default `up`. */
  readonly degraded?: Degraded;
}

/** What terminus takes. */
export type StepstreamHealthResult<Key extends string, Degraded extends Status = 'up'> = Record<
  Key,
  Omit<AppHealth, 'status'> & { readonly status: 'up' | 'down' | Degraded }
>;

/**
 * Tells `@nestjs/terminus` how a connection and its workers are; it is provided wherever there is a connection.
 *
 * @example
 * ```ts
 * @Controller('health')
 * class HealthController {
 *   constructor(private readonly health: HealthCheckService, private readonly stepstream: StepstreamHealthIndicator) {}
 *
 *   @Get() @HealthCheck()
 *   check() {
 *     return this.health.check([() => this.stepstream.isHealthy('jobs')]);
 *   }
 * }
 * ```
 */
@Injectable()
export class StepstreamHealthIndicator {
  readonly #nest: ModuleRef;

  constructor(nest: ModuleRef) {
    this.#nest = nest;
  }

  /** @param key under which terminus shows it. @throws ConfigurationError for a wrong timeout */
  async isHealthy<Key extends string = 'stepstream', Degraded extends Status = 'up'>(
    key: Key = 'stepstream' as Key,
    { connection, degraded = 'up' as Degraded, ...options }: HealthIndicatorOptions<Degraded> = {},
  ): Promise<StepstreamHealthResult<Key, Degraded>> {
    const app = this.#nest.get<App>(getAppToken(connection), { strict: false });
    const { status, ...health } = await app.health(options);
    const result = { ...health, status: status === 'degraded' ? degraded : status };
    return { [key]: result } as StepstreamHealthResult<Key, Degraded>;
  }
}
