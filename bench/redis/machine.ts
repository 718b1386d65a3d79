import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';

/** Where the figures come from, in a line. */
export function machineOf(redisVersion: string): string {
  const versions = ['bullmq', 'ioredis'].map((name) => `${name} ${versionOf(name)}`).join(', ');
  const [cpu] = cpus();
  const day = new Date().toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
  return `Node ${process.version}, Redis ${redisVersion}, ${versions}; ${cpu?.model.trim()}, ${cpus().length} cores; ${day}`;
}

/** Of an installed package, whose `exports` may not show its package.json. */
function versionOf(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  for (; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
      if (found['name'] === name) return found['version'] ?? 'unknown';
    } catch {
      // not here: further up
    }
  }
  return 'unknown';
}
