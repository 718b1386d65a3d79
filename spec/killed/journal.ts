import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A command that has changed the store, by itself or within a script. */
export type Command = readonly string[];

/**
 * What a redis-server has done, in order, from its append-only file: the store's own account of what was committed. It is
 * complete when the server was started with {@link journalArguments} and wasn't asked to rewrite the file.
 */
export function* readJournal(serverDir: string): Generator<Command> {
  const file = join(serverDir, 'appendonlydir', 'appendonly.aof.1.incr.aof');
  if (!existsSync(file)) return;
  const bytes = readFileSync(file);
  let at = 0;
  function number(): number {
    const end = bytes.indexOf('\r\n', at);
    const value = Number(bytes.toString('latin1', at + 1, end));
    at = end + 2;
    return value;
  }
  while (at < bytes.length) {
    const command: string[] = [];
    for (let left = number(); left > 0; left--) {
      const length = number();
      command.push(bytes.toString('utf8', at, at + length));
      at += length + 2;
    }
    yield command;
  }
}

export const journalArguments: readonly string[] = ['--appendonly', 'yes', '--auto-aof-rewrite-percentage', '0'];
