/**
 * Sees to it that `redis-server` is there for the specs: as jest's globalSetup, or `node scripts/redis-server.js`. Where it is missing,
 * Debian's package is installed if that can be done without a password; the service that comes with it is not started.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const install = ['apt-get', 'install', '-y', '--no-install-recommends', 'redis-server'];

/** Debian asks this program whether a package may start its services; 101: no. */
const policy = '/usr/sbin/policy-rc.d';
const refusal = `printf '#!/bin/sh\\nexit 101\\n' >${policy} && chmod +x ${policy}`;

export default function provideRedisServer() {
  if (isThere('redis-server')) return;
  const isRoot = process.getuid?.() === 0;
  const mayInstall = isThere('apt-get') && (isRoot || endsWell(['sudo', '-n', 'true'], 'ignore'));
  if (!mayInstall || !installPackage(isRoot ? [] : ['sudo', '-n'])) {
    throw new Error(`The specs need redis-server 7.0 or newer. On Debian and Ubuntu: sudo ${install.join(' ')}`);
  }
}

/** @param {readonly string[]} asRoot what comes before each command */
function installPackage(asRoot) {
  const run = (...command) => endsWell([...asRoot, ...command], ['ignore', 'inherit', 'inherit']);
  const refuses = !existsSync(policy) && run('sh', '-c', refusal);
  const installed = run(...install) || (run('apt-get', 'update') && run(...install));
  if (refuses) run('rm', policy);
  return installed && isThere('redis-server');
}

const isThere = (program) => endsWell([program, '--version'], 'ignore');

const endsWell = ([program, ...args], stdio) => spawnSync(program, args, { stdio }).status === 0;

if (process.argv[1] === fileURLToPath(import.meta.url)) provideRedisServer();
