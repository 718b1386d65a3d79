import { legend, tableOf, type Result } from './redis/table.js';
import { machineOf } from './redis/machine.js';
import { measure } from './redis/measure.js';
import { optionsOf } from './redis/options.js';
import { startRedis } from './redis/redis-server.js';
import { smoke } from './redis/smoke.js';

/**
 * BullMQ and Stepstream side by side, on a Redis of its own, both with their defaults (events on, jobs kept). Run by `npm
 * run bench`; `npm run bench -- --help` lists the options. Each round is a process of its own on an empty Redis, sides
 * in turn; a clock stops when Redis shows that all jobs are done.
 */

const args = process.argv.slice(2);
const options = optionsOf(args);
const redis = await startRedis();
try {
  if (options.smoke) {
    await smoke(redis.url, options);
  } else {
    const results: Result[] = [];
    for (const row of options.rows) {
      try {
        results.push(await measure(row, redis.url, options));
      } catch (error) {
        console.error(error); // the other rows' figures are still good
        process.exitCode = 1;
      }
    }
    const machine = machineOf(redis.version);
    const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
    if (options.json) console.log(JSON.stringify({ command, machine, rounds: options.rounds, results }, undefined, 2));
    else
      console.log(
        `\`${command}\`\n\n${machine}; medians of ${options.rounds} rounds.\n\n${tableOf(results)}\n\n${legend}`,
      );
  }
} finally {
  await redis.stop();
}
