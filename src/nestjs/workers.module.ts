import { Injectable, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, ModulesContainer } from '@nestjs/core';
import type { CloseOptions } from '../index.js';
import { Connection } from './connection.js';
import { Declarations } from './declarations.js';

/** Starts all workers when the whole application is ready, and drains them before anything of it is destroyed. */
@Injectable()
export class Workers implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #discovery: DiscoveryService;
  readonly #declarations: Declarations;
  #ending = false;

  constructor(discovery: DiscoveryService, declarations: Declarations, modules: ModulesContainer) {
    this.#discovery = discovery;
    this.#declarations = declarations;
    // Nest calls the hooks of starting from the farthest module to the root, those of ending from the root on: this one stands
    // outside of the root. Else a step's last write would find the database of a module nearer to the root closed.
    for (const module of modules.values()) if (module.metatype === WorkersModule) module.distance = -1;
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.#ending) return; // closed while it was made ready: Nest calls the hooks of starting all the same
    this.#declarations.checkMade();
    try {
      for (const connection of this.#connections()) await connection.start();
    } catch (error) {
      if (this.#ending) return;
      await this.#drain({ grace: 0 }); // all run jobs, or none does
      throw error;
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.#ending = true;
    await this.#drain();
  }

  async #drain(options?: CloseOptions): Promise<void> {
    await Promise.all(this.#connections().map(({ app }) => app.drain(options)));
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
