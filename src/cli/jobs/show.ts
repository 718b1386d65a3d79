import { systemClock } from '../../index.js';
import { exitCodes, type Command } from '../command.js';
import { storeOptions, withRedis } from '../store.js';
import { asJson } from '../terminal/json.js';
import { printable } from '../terminal/printable.js';
import { linesOf } from './job-lines.js';
import { reportOf } from './job-report.js';

export const show: Command = {
  name: 'jobs show',
  summary: 'all that there is to know of a job',
  description:
    'Shows a job with its checkpoint: step and visit, what it saved last, the gates that it has reached with their due times,\n' +
    'outputs of finished steps, children, attempts, error and log. Long values are cut short; --json prints them whole.',
  arguments: ['<queue>', '<id>'],
  options: storeOptions,
  async run(given, surroundings) {
    const [queue = '', id = ''] = given.arguments;
    const { terminal } = surroundings;
    const report = await withRedis(given, surroundings, (app) => reportOf(app, queue, id));
    if (given.flag('json')) {
      const message = `job ${id} of queue ${queue} is not in the store`;
      terminal.print(asJson(report ?? { error: { code: 'JOB_NOT_FOUND', message } }));
    } else if (report) {
      for (const line of linesOf(report, systemClock.now(), terminal.style)) terminal.print(line);
    } else terminal.complain(printable(`job ${id} of queue ${queue} is not in the store`));
    return report ? exitCodes.ok : exitCodes.found;
  },
};
