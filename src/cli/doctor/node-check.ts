import { finding, ok, type Check } from './check.js';

/** As `engines` of our package.json says. */
const least = 20;

export function nodeCheck(version: string): Check {
  if (Number(version.split('.')[0]) >= least) return ok('node', `Node ${version}`);
  return finding('problem', 'node', {
    found: `Node ${version}`,
    why: `Stepstream is made for Node ${least} and newer, and tried on no other`,
    fix: `install Node ${least} or newer`,
  });
}
