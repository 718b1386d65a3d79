import { fileURLToPath } from 'node:url';
import type { InjectionToken } from 'tsyringe';
import { say } from './say.js';

/** What operators may set. An interface has no class that could be injected: a token stands for it. */
export interface Config {
  /** The file of the ledger. */
  readonly ledger: string;
  readonly sender: string;
  /** How long customers have, as `delay` takes it. */
  readonly dueAfter: string;
}

export const configToken: InjectionToken<Config> = Symbol('the configuration');

export function readConfig(env: NodeJS.ProcessEnv): Config {
  say('config', 'is read from the environment');
  return {
    ledger: env['LEDGER'] ?? fileURLToPath(new URL('out/ledger.jsonl', import.meta.url)),
    sender: env['SENDER'] ?? 'billing@example.com',
    dueAfter: env['DUE_AFTER'] ?? '1 second',
  };
}
