import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Connection } from './connection.js';
import { DeclaredConnection, Declarations } from './declarations.js';
import { checkOptions, ruleOf } from './faults.js';
import { StepstreamHealthIndicator } from './health-indicator.js';
import { nestResolver } from './nest-resolver.js';
import type { StepstreamOptions } from './options.js';
import { connectionToken, defaultConnection, getAppToken, getFlowProducerToken } from './tokens.js';
import { WorkersModule } from './workers.module.js';

/** One for each connection: global, and so among the last that Nest shuts down. */
@Module({})
class ConnectionModule {}

/** @param given the token of its options, which `options` provides. @throws ConfigurationError for a wrong name */
export function connectionModule(
  name: string = defaultConnection,
  given: symbol,
  options: readonly Provider[],
  imports: DynamicModule['imports'] = [],
): DynamicModule {
  checkOptions({ name }, { name: ruleOf.connection }, 'forRoot');
  const token = connectionToken(name);
  const connection = {
    provide: token,
    useFactory: (settings: StepstreamOptions, declared: Declarations, nest: ModuleRef) =>
      new Connection(name, settings, declared.processorsOf(name), nestResolver(nest)),
    inject: [given, Declarations, ModuleRef],
  };
  const app = { provide: getAppToken(name), useFactory: (on: Connection) => on.app, inject: [token] };
  const flows = {
    provide: getFlowProducerToken(name),
    useFactory: (on: Connection) => on.flowProducer(),
    inject: [token],
  };
  const declared = { provide: Symbol('a connection'), useValue: new DeclaredConnection(name) };
  return {
    module: ConnectionModule,
    global: true,
    imports: [WorkersModule, ...imports],
    providers: [declared, ...options, connection, app, flows, StepstreamHealthIndicator],
    exports: [token, app.provide, flows.provide, StepstreamHealthIndicator],
  };
}
