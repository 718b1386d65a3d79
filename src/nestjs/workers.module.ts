import { Injectable, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, ModulesContainer } from '@nestjs/core';
import { Connection } from './connection.js';
import { Declarations } from './declarations.js';

/** Starts all workers when the whole application is ready, and drains them before anything of it is destroyed. */
@Injectable()
export class Workers implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #discovery: DiscoveryService;
  readonly #declarations: Declarations;

  constructor(discovery: DiscoveryService, declarations: Declarations, modules: ModulesContainer) {
    this.#discovery = discovery;
    this.#declarations = declarations;
    // Nest calls the hooks of starting from the farthest module to the root, those of ending from the root on: this one stands
    // outside of the root. Else a step's last write would find the database of a module nearer to the root closed.
    for (const module of modules.values()) if (module.metatype === WorkersModule) module.distance = -1;
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#declarations.checkMade();
    for (const connection of this.#connections()) await connection.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.#connections().map(({ app }) => app.drain()));
  }

  #connections(): readonly Connection[] {
    return this.#discovery
      .getProviders()
      .flatMap(({ instance }: { readonly instance: unknown }) => (instance instanceof Connection ? [instance] : []));
  }
}

/** One for all connections. */
@Module({ imports: [DiscoveryModule], providers: [Declarations, Workers], exports: [Declarations] })
export class WorkersModule {}
