import { createHash } from 'node:crypto';

/** A Lua script, and the name that Redis knows it by. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly sha1: string;
}

export function script(name: string, ...parts: readonly string[]): Script {
  const lua = parts.join('\n');
  return { name, lua, sha1: createHash('sha1').update(lua).digest('hex') };
}
