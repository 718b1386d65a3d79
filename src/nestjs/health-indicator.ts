import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { App, AppHealth, HealthOptions } from '../index.js';
import { getAppToken } from './tokens.js';

/** Options of {@link StepstreamHealthIndicator.isHealthy}. */
export interface HealthIndicatorOptions extends HealthOptions {
  /** The name of the connection. Default: the default one. */
  readonly connection?: string;
  /**
   * What a degraded app counts as: its jobs can be added, but not all of its workers take some. Default `degraded`, which
   * terminus knows from 12 on; 11 leaves it out of its answer.
   */
  readonly degraded?: 'up' | 'down' | 'degraded';
}

/** What terminus takes. */
export type StepstreamHealthResult<Key extends string> = Record<
  Key,
  Omit<AppHealth, 'status'> & { readonly status: 'up' | 'down' | 'degraded' }
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
  async isHealthy<Key extends string = 'stepstream'>(
    key: Key = 'stepstream' as Key,
    { connection, degraded = 'degraded', ...options }: HealthIndicatorOptions = {},
  ): Promise<StepstreamHealthResult<Key>> {
    const app = this.#nest.get<App>(getAppToken(connection), { strict: false });
    const { status, ...health } = await app.health(options);
    const result = { ...health, status: status === 'degraded' ? degraded : status };
    return { [key]: result } as StepstreamHealthResult<Key>;
  }
}
