/**
 * Adds to package-lock.json the binaries for other platforms that the registry in use didn't offer when it was written:
 * `npm ci` refuses a lockfile without them, on every platform. Run it after `npm install` has changed the lockfile.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const found = lock.packages;

for (const [path, { dev, optionalDependencies = {} }] of Object.entries(found)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (found[`node_modules/${name}`] || found[`${path}/node_modules/${name}`]) continue;
    const [, os, cpu, abi = ''] = /(android|darwin|freebsd|linux|openharmony|win32)-([a-z\d]+)-?(\w*)$/.exec(name);
    const libc = { gnu: 'glibc', musl: 'musl' }[/^(gnu|musl)/.exec(os === 'linux' ? abi : '')?.[0]];
    found[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(dev && { dev }),
      ...(libc && { libc: [libc] }),
      optional: true,
      os: [os],
    };
  }
}

lock.packages = Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
