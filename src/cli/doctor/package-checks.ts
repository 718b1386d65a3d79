import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { finding, ok, type Check } from './check.js';
import { installedFor, type Installed } from './project.js';

/** Whether there is one copy of each package whose classes have to be the same for all. */
export function packageChecks(folder: string, program: string): readonly Check[] {
  const stepstream = installedFor(folder, 'stepstream');
  // where the package of a program that was started by npx is
  const own = stepstream?.folder ?? dirname(program);
  return [
    stepstreamCheck(folder, stepstream),
    rxjsCheck(folder, own),
    ...copyCheck(folder, own, 'tsyringe', 'problem', {
      why: "what one copy's @injectable() notes, the container of the other doesn't know: TypeInfo not known",
      fix: 'npm dedupe, or have your package.json name the version that stepstream asks for',
    }),
    ...copyCheck(folder, own, 'reflect-metadata', 'warning', {
      why: 'copies older than 0.2 do not share what decorators note',
      fix: 'npm install reflect-metadata@^0.2',
    }),
  ];
}

function stepstreamCheck(folder: string, installed: Installed | undefined): Check {
  const id = 'stepstream-copies';
  if (!installed) {
    return finding('warning', id, {
      found: 'stepstream is not installed in this project',
      why: 'its classes are then found nowhere, or in a folder above',
      fix: 'npm install stepstream rxjs',
    });
  }
  const copies = [...nestedCopies(folder, 'stepstream')].filter((copy) => copy !== installed.folder);
  if (copies.length === 0) return ok(id, `stepstream ${installed.version}, one copy`);
  return finding('problem', id, {
    found: `there are more copies of stepstream: ${copies.map((copy) => relative(folder, copy)).join(', ')}`,
    why: "a class that one copy's @Processor has decorated is no processor for the other",
    fix: 'name it in peerDependencies of the packages that bring it along, then npm dedupe',
  });
}

/** Copies within the packages of a project. */
function* nestedCopies(folder: string, name: string): Iterable<string> {
  const root = join(folder, 'node_modules');
  for (const entry of foldersIn(root)) {
    const packages = entry.startsWith('@') ? foldersIn(join(root, entry)).map((each) => join(entry, each)) : [entry];
    for (const each of packages) {
      const copy = installedFor(join(root, each), name);
      if (copy?.folder.startsWith(join(root, each, 'node_modules'))) yield copy.folder;
    }
  }
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function rxjsCheck(folder: string, own: string): Check {
  const id = 'rxjs';
  const rxjs = installedFor(folder, 'rxjs');
  const [major = 0, minor = 0] = (rxjs?.version ?? '').split('.').map(Number);
  if (!rxjs || major !== 7 || minor < 8) {
    return finding('problem', id, {
      found: rxjs ? `rxjs ${rxjs.version}` : 'rxjs is not installed in this project',
      why: 'steps are streams of RxJS 7.8; its next major has another API',
      fix: 'npm install rxjs@^7.8',
    });
  }
  const others = ['stepstream', '@nestjs/core'].flatMap((name) => {
    const user = name === 'stepstream' ? { folder: own } : installedFor(folder, name);
    const copy = user && installedFor(user.folder, 'rxjs');
    return copy && copy.folder !== rxjs.folder
      ? [`${name} has ${copy.version} in ${relative(folder, copy.folder)}`]
      : [];
  });
  if (others.length === 0) return ok(id, `rxjs ${rxjs.version}, one copy`);
  return finding('warning', id, {
    found: `there are several copies of rxjs: ${rxjs.version} here, and ${others.join(', and ')}`,
    why: 'their Observables are different types for the compiler and for instanceof, and a TestScheduler moves the time of its own copy only',
    fix: 'npm dedupe, or the same version range of rxjs everywhere',
  });
}

function copyCheck(
  folder: string,
  own: string,
  name: string,
  level: 'problem' | 'warning',
  { why, fix }: { readonly why: string; readonly fix: string },
): readonly Check[] {
  const here = installedFor(folder, name);
  const there = installedFor(own, name);
  if (!here || !there) return [];
  const id = `${name}-copies`;
  if (here.folder === there.folder) return [ok(id, `${name} ${here.version}, one copy`)];
  const found = `there are two copies of ${name}: ${here.version} here, and stepstream has ${there.version} in ${relative(folder, there.folder)}`;
  return [finding(level, id, { found, why, fix })];
}
