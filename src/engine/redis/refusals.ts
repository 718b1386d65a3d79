import { types } from 'node:util';
import { StoreFaultError, StoreUnavailableError, UnsupportedStoreError } from '../../errors.js';

/**
 * What helps: to ask `later`; to ask on a new connection, which may lead to another server (`reconnect`); or `nothing` but
 * somebody who mends what is set up.
 */
export type Cure = 'later' | 'reconnect' | 'nothing';

/** Why Redis didn't do what it was asked for. */
export interface Refusal {
  readonly cure: Cure;
  readonly error: StoreUnavailableError | StoreFaultError | UnsupportedStoreError;
}

/** What Redis says by an error word, and what to do. */
const refusals: ReadonlyMap<string, readonly [cure: Cure, said: string]> = new Map([
  ['CONNECTION', ['later', "can't be reached: start it, or correct `connection`"]],
  ['TIMEOUT', ['later', "doesn't answer: is it stopped, or has it too much to do?"]],
  ['MAXCLIENTS', ['later', 'takes no more connections: raise maxclients, or close some']],
  ['LOADING', ['later', 'is loading its data: wait until it has']],
  ['OOM', ['later', 'is out of memory: raise maxmemory, or remove jobs']],
  ['BUSY', ['later', 'is held up by a script: wait for its end, or `SCRIPT KILL` it']],
  ['MISCONF', ['later', "can't save to its disk, and so takes no writes: free space there, and read its log"]],
  ['NOREPLICAS', ['later', 'has fewer replicas than min-replicas-to-write asks for: bring them back']],
  ['TRYAGAIN', ['later', 'is moving the slot of the prefix to another node: wait until it has']],
  ['ASK', ['later', 'is moving the slot of the prefix to another node: wait until it has']],
  ['CLUSTERDOWN', ['reconnect', 'is down as a cluster: bring back the nodes that it misses']],
  [
    'MOVED',
    ['reconnect', 'keeps the slot of the prefix on another node: give its nodes, `connection: { cluster: [...] }`'],
  ],
  ['READONLY', ['reconnect', 'is a replica, and takes no writes: let `connection` lead to the master']],
  ['MASTERDOWN', ['reconnect', 'is a replica without its master: let `connection` lead to the master']],
  ['UNBLOCKED', ['reconnect', 'has become a replica: let `connection` lead to the master']],
  ['NOAUTH', ['nothing', 'asks for a password: give one in `connection`']],
  ['WRONGPASS', ['nothing', "doesn't know this user and password: correct them in `connection`"]],
  ['NOPERM', ['nothing', 'forbids the user something: grant it by `ACL SETUSER`']],
  ['DENIED', ['nothing', 'is in protected mode: give it a password, or connect from its own machine']],
]);

/** So Redis says within a script what it says as NOPERM elsewhere: 7.0, and those after it. */
const deniedInScript = /^ERR (The user executing the script can't|ACL failure in script)/;

/** Redis' error word, `OOM` of `OOM command not allowed …`; `undefined` for what isn't an answer of Redis. */
export function errorWordOf(error: unknown): string | undefined {
  if (!types.isNativeError(error) || error.name !== 'ReplyError') return undefined;
  if (error.message.startsWith('ERR max number of clients')) return 'MAXCLIENTS';
  if (deniedInScript.test(error.message)) return 'NOPERM';
  return /^[A-Z]+/.exec(error.message)?.[0] ?? 'ERR';
}

/** What an error of ioredis or of the start check means. `where` is Redis' address, for the message. */
export function refusalOf(error: unknown, where: string): Refusal {
  if (error instanceof StoreUnavailableError) return { cure: refusals.get(error.reason)?.[0] ?? 'later', error };
  if (error instanceof UnsupportedStoreError) return { cure: 'nothing', error };
  const reason = errorWordOf(error) ?? 'CONNECTION';
  const cause = withoutSecrets(error);
  const known = refusals.get(reason);
  if (known) return { cure: known[0], error: refused(reason, where, cause) };
  const said = `${where} answered with an error that stays: does another program write under this prefix? (${cause.message})`;
  return { cure: 'nothing', error: new StoreFaultError(said, reason, { cause }) };
}

/** The error for one of the words above. */
export function refused(reason: string, where: string, cause?: Error): StoreUnavailableError {
  const said = `${where} ${refusals.get(reason)?.[1]}`;
  return cause
    ? new StoreUnavailableError(`${said} (${cause.message})`, reason, { cause })
    : new StoreUnavailableError(said, reason);
}

/**
 * X7: ioredis hangs the command onto its errors, AUTH with the password too; Node the URL that it can't read; and Redis repeats
 * what it doesn't know.
 */
function withoutSecrets(error: unknown): Error {
  if (!types.isNativeError(error)) return new Error(String(error)); // `instanceof` fails across realms, as in Jest
  if (error.name !== 'ReplyError') {
    delete (error as { command?: unknown }).command;
    delete (error as { input?: unknown }).input;
    // Node joins what failed for each address of a name under an empty message
    const [first] = (error as Partial<AggregateError>).errors ?? [];
    return types.isNativeError(first) ? first : error;
  }
  const clean = new Error(error.message.replace(/, with args beginning with: .*/s, ''));
  clean.name = error.name;
  return clean;
}
