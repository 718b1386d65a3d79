import { resolve } from 'node:path';
import { exitCodes, UsageError, type Command, type Given, type Surroundings } from '../command.js';
import { redisUrl, storeOptions } from '../store.js';
import { asJson } from '../terminal/json.js';
import type { Area, Check } from './check.js';
import { compilerChecks } from './compiler-checks.js';
import { linesOf } from './doctor-lines.js';
import { nodeCheck } from './node-check.js';
import { packageChecks } from './package-checks.js';
import { readPackage } from './project.js';
import { redisAreas } from './redis-areas.js';
import { sourceChecks } from './source-checks.js';

export const doctor: Command = {
  name: 'doctor',
  summary: 'what is wrong with Redis, with the project, and with its sources',
  description:
    'Looks at Node, at Redis and its queues when it is given one, and at the project: compiler options of the decorators,\n' +
    "copies of packages, and rxjs' own `delay` in files that have to do with steps. Changes nothing. Each finding says what\n" +
    'it is, why it matters, and what mends it.',
  arguments: [],
  options: {
    project: { type: 'string', value: 'folder', help: 'where the package.json is; default: here' },
    strict: { type: 'boolean', help: `warnings, too, make the exit code ${exitCodes.found}` },
    ...storeOptions,
  },
  async run(given, surroundings) {
    const { terminal } = surroundings;
    const areas = [
      { title: 'Node', checks: [nodeCheck(process.versions.node)] },
      ...(await redisAreas(redisUrl(given, surroundings.env), given)),
      ...(await projectAreas(given, surroundings)),
    ];
    const checks = areas.flatMap((area) => area.checks);
    const problems = countOf(checks, 'problem');
    const warnings = countOf(checks, 'warning');
    if (given.flag('json')) {
      const flat = areas.flatMap(({ title, checks: ofArea }) => ofArea.map((check) => ({ area: title, ...check })));
      terminal.print(asJson({ problems, warnings, checks: flat }));
    } else for (const line of linesOf(areas, { problems, warnings }, terminal.style)) terminal.print(line);
    return problems + (given.flag('strict') ? warnings : 0) > 0 ? exitCodes.found : exitCodes.ok;
  },
};

async function projectAreas(given: Given, { folder: started, program }: Surroundings): Promise<readonly Area[]> {
  const folder = resolve(started, given.text('project') ?? '.');
  const project = readPackage(folder);
  if (!project) {
    if (given.text('project') !== undefined)
      throw new UsageError(`there is no package.json that can be read in ${folder}`);
    const found = `there is no package.json in ${folder}: --project <folder> says where the project is`;
    return [{ title: 'Project', checks: [{ id: 'project', level: 'skipped', found }] }];
  }
  return [
    { title: 'Compiler', checks: compilerChecks(folder, project) },
    { title: 'Packages', checks: packageChecks(folder, program) },
    { title: 'Sources', checks: await sourceChecks(folder) },
  ];
}

function countOf(checks: readonly Check[], level: Check['level']): number {
  return checks.filter((check) => check.level === level).length;
}
