import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ConfigurationError, processorOf, type Class, type Fault } from '../index.js';
import { refuse } from './faults.js';
import { placeOf, processorProviders, type ProcessorProvider } from './processor-provider.js';
import { defaultConnection } from './tokens.js';
import { usedConnection } from './use-connection.js';

/** A module has this connection. */
export class DeclaredConnection {
  constructor(readonly name: string) {}
}

/** A module has registered this queue. */
export class DeclaredQueue {
  constructor(
    readonly name: string,
    readonly connection: string,
  ) {}
}

/** What the modules of the application declare, found before anything of it is made: connections, queues and processors. */
@Injectable()
export class Declarations {
  readonly #discovery: DiscoveryService;
  readonly #connections: readonly string[];
  readonly #queues: readonly DeclaredQueue[];
  readonly #processors: readonly ProcessorProvider[];

  /** @throws ConfigurationError that names all that doesn't fit together */
  constructor(discovery: DiscoveryService) {
    this.#discovery = discovery;
    const values = discovery.getProviders().flatMap(({ metatype, instance }) => (metatype === null ? [instance] : []));
    this.#connections = values.filter((each) => each instanceof DeclaredConnection).map(({ name }) => name);
    this.#queues = values.filter((each) => each instanceof DeclaredQueue);
    this.#processors = processorProviders(discovery);
    refuse("The application's modules don't fit together:", [
      ...this.#connectionFaults(),
      ...this.#processors.flatMap((each) => this.#processorFaults(each)),
    ]);
  }

  /** The processors that work on a connection. */
  processorsOf(connection: string): readonly Class[] {
    const here = this.#processors.filter(({ processor }) => this.#connectionsOf(processor)[0] === connection);
    return here.map(({ processor }) => processor);
  }

  /** @throws ConfigurationError for a connection that no module has */
  missing(connection: string, queue: string): never {
    const message = unknownConnection(connection, this.#connections);
    throw new ConfigurationError(`Queue "${queue}" has no store:`, [
      { code: 'INVALID_OPTION', at: 'StepstreamModule', message },
    ]);
  }

  /** What can be seen only when all has been made. @throws ConfigurationError */
  checkMade(): void {
    const known = new Set(this.#processors.map(({ provider }) => provider));
    const faults = this.#discovery.getProviders().flatMap((provider): readonly Fault[] => {
      if (provider.isAlias || known.has(provider)) return [];
      const made = (provider.instance as object | null | undefined)?.constructor;
      if (!made || !processorOf(made)) return [];
      const message = `a factory makes this ${made.name}, and nobody knew: give it the class as its token, { provide: ${made.name}, useFactory }`;
      return [{ code: 'NOT_A_PROCESSOR', at: placeOf(provider), message }];
    });
    refuse('Some processors would run no jobs:', faults);
  }

  /** Where a processor works: more than one, and it is to say itself. */
  #connectionsOf(processor: Class): readonly string[] {
    const used = usedConnection(processor);
    if (used !== undefined) return [used];
    const queue = processorOf(processor)?.queue;
    const registered = this.#queues.filter(({ name }) => name === queue).map(({ connection }) => connection);
    return registered.length === 0 ? [defaultConnection] : [...new Set(registered)];
  }

  #connectionFaults(): readonly Fault[] {
    const twice = new Set(this.#connections.filter((name, index) => this.#connections.indexOf(name) !== index));
    return [...twice].map((name) => {
      const message = `two connections are named "${name}": call forRoot once, or give each a name, forRoot({ name: … })`;
      return { code: 'INVALID_OPTION', at: 'StepstreamModule.forRoot', message };
    });
  }

  #processorFaults({ processor, provider }: ProcessorProvider): readonly Fault[] {
    const at = processor.name;
    const others = this.#processors.filter((each) => each.processor === processor);
    if (others.length > 1) {
      if (others[0]!.provider !== provider) return [];
      const places = others.map((each) => placeOf(each.provider)).join(' and ');
      const message = `it is provided as ${places}: provide it in one module, and import that`;
      return [{ code: 'DUPLICATE_PROCESSOR', at, message }];
    }
    if (this.#connections.length === 0) return []; // a part of the application on its own, in a test
    const [connection, another] = this.#connectionsOf(processor) as [string, string?];
    if (another !== undefined) {
      const message = `its queue is registered on the connections ${connection} and ${another}: choose with @UseConnection('${connection}')`;
      return [{ code: 'INVALID_OPTION', at, message }];
    }
    if (this.#connections.includes(connection)) return [];
    return [{ code: 'INVALID_OPTION', at, message: unknownConnection(connection, this.#connections) }];
  }
}

function unknownConnection(connection: string, known: readonly string[]): string {
  const options = connection === defaultConnection ? '…' : `{ name: '${connection}', … }`;
  const there = known.length === 0 ? 'none' : known.join(', ');
  return `there is no connection "${connection}", there is ${there}: import StepstreamModule.forRoot(${options}) in the root module`;
}
