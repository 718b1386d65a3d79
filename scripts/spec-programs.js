/**
 * Sees to it that the programs which specs start are there: as jest's globalSetup, or `node scripts/spec-programs.js`. Debian's
 * packages of those that are missing are installed, if that can be done without a password; no service is started.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** By the name of Debian's package: the commands that will do, and what is needed. */
const needed = {
  'redis-server': { commands: ['redis-server'], what: 'redis-server 7.0 or newer' },
  // as in spec/support/browser.ts; with it comes the font that the pages of specs are drawn in
  chromium: { commands: ['chromium', 'google-chrome'], what: 'Chromium or Google Chrome on the PATH' },
};

const install = ['apt-get', 'install', '-y', '--no-install-recommends'];

/** Debian asks this program whether a package may start its services; 101: no. */
const policy = '/usr/sbin/policy-rc.d';
const refusal = `printf '#!/bin/sh\\nexit 101\\n' >${policy} && chmod +x ${policy}`;

export default function provideSpecPrograms() {
  const missing = missingPackages();
  if (missing.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  const mayInstall = isThere('apt-get') && (isRoot || endsWell(['sudo', '-n', 'true'], 'ignore'));
  if (mayInstall) installPackages(isRoot ? [] : ['sudo', '-n'], missing);
  const lacking = missingPackages();
  if (lacking.length === 0) return;
  const what = lacking.map((name) => needed[name].what).join(', and ');
  throw new Error(`The specs need ${what}. On Debian: sudo ${[...install, ...lacking].join(' ')}`);
}

const missingPackages = () => Object.keys(needed).filter((name) => !needed[name].commands.some(isThere));

/**
 * @param {readonly string[]} asRoot what comes before each command
 * @param {readonly string[]} packages
 */
function installPackages(asRoot, packages) {
  const run = (...command) => endsWell([...asRoot, ...command], ['ignore', 'inherit', 'inherit']);
  const refuses = !existsSync(policy) && run('sh', '-c', refusal);
  void (run(...install, ...packages) || (run('apt-get', 'update') && run(...install, ...packages)));
  if (refuses) run('rm', policy);
}

const isThere = (program) => endsWell([program, '--version'], 'ignore');

const endsWell = ([program, ...args], stdio) => spawnSync(program, args, { stdio }).status === 0;

if (process.argv[1] === fileURLToPath(import.meta.url)) provideSpecPrograms();
