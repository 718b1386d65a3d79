/** Runs both linters over steps.js, configured as docs/guides/troubleshooting.md says. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

// written here: in Stepstream's own repository oxlint would read it, too
writeFileSync('.oxlintrc.json', '{ "extends": ["./node_modules/stepstream/oxlint.json"] }');

for (const [linter, ...args] of [
  ['oxlint/bin/oxlint', '--format', 'unix'],
  ['eslint/bin/eslint.js', '--config', 'eslint.config.mjs'],
  ['eslint/bin/eslint.js', '--config', 'eslint.config.cjs'],
]) {
  const run = spawnSync(process.execPath, [`node_modules/${linter}`, ...args, 'steps.js'], { encoding: 'utf8' });
  const found = /1:10.*(Import delay from 'stepstream')/.exec(run.stdout);
  console.log(`${[linter, ...args].join(' ')}: exits with ${run.status}, ${found?.[1] ?? run.stdout + run.stderr}`);
}
