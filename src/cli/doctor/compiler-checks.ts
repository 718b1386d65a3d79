import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { finding, ok, skipped, type Check } from './check.js';
import { parseJsonc } from './jsonc.js';
import type { Package } from './project.js';
import { compilerOptionsOf, projectsOf, type CompilerOptions } from './tsconfig.js';

const needDecorators =
  'without it decorators are the standard ones, which Stepstream, tsyringe and NestJS do not know: createApp refuses the class';
const needMetadata =
  'tsyringe and NestJS learn by it what a constructor is to be given; a processor without constructor arguments needs none';

/** Whether the compilers of a project make of decorators what their users need. */
export function compilerChecks(folder: string, project: Package): readonly Check[] {
  return [...tsconfigChecks(folder), ...swcChecks(folder), ...scriptChecks(project)];
}

function tsconfigChecks(folder: string): readonly Check[] {
  const file = join(folder, 'tsconfig.json');
  if (!existsSync(file)) return [skipped('tsconfig', 'there is no tsconfig.json')];
  return attempt('tsconfig', file, () =>
    projectsOf(file).flatMap((each) => {
      const path = relative(folder, each);
      const options = compilerOptionsOf(each);
      const checkOf = (name: keyof CompilerOptions, level: 'problem' | 'warning', why: string): Check =>
        options[name] === true
          ? ok(`tsconfig-${name}`, `${path}: ${name} is on`)
          : finding(level, `tsconfig-${name}`, {
              found: `${path}: ${name} is not on`,
              why,
              fix: `"${name}": true in its compilerOptions`,
            });
      return [
        checkOf('experimentalDecorators', 'problem', needDecorators),
        checkOf('emitDecoratorMetadata', 'warning', needMetadata),
      ];
    }),
  );
}

interface SwcConfig {
  readonly jsc?: {
    readonly parser?: { readonly decorators?: boolean };
    readonly transform?: { readonly legacyDecorator?: boolean; readonly decoratorMetadata?: boolean };
  };
}

function swcChecks(folder: string): readonly Check[] {
  const file = join(folder, '.swcrc');
  if (!existsSync(file)) return [];
  return attempt('swcrc', file, () => {
    const { parser, transform } = (parseJsonc(readFileSync(file, 'utf8')) as SwcConfig).jsc ?? {};
    const options = [
      ['parser', 'decorators', parser?.decorators, 'problem', 'without it swc takes a decorator for a mistake'],
      ['transform', 'legacyDecorator', transform?.legacyDecorator, 'problem', needDecorators],
      ['transform', 'decoratorMetadata', transform?.decoratorMetadata, 'warning', needMetadata],
    ] as const;
    const missing = options.filter(([, , given]) => given !== true);
    if (missing.length === 0) return [ok('swcrc', '.swcrc: decorators and their metadata are on')];
    return missing.map(([group, option, , level, why]) =>
      finding(level, `swcrc-${option}`, {
        found: `.swcrc: ${option} is not on`,
        why,
        fix: `"${option}": true in jsc.${group} of .swcrc`,
      }),
    );
  });
}

/** Those that know types as something to be left out. */
const withoutMetadata = /(?:^|[\s/&|;=])(tsx|esbuild|vite-node|esbuild-runner)(?=\s|$)/;
const stripsTypes =
  /(?:^|[\s&|;])node\s(?![^&|;]*--(?:import|require|loader|experimental-loader)\b)[^&|;]*\.[cm]?ts(?=\s|$)/;

function scriptChecks({ scripts }: Package): readonly Check[] {
  return Object.entries(scripts ?? {}).flatMap(([name, script]): readonly Check[] => {
    if (typeof script !== 'string') return []; // npm's to complain of
    const tool = withoutMetadata.exec(script)?.[1];
    if (tool !== undefined) {
      return [
        finding('warning', 'script-metadata', {
          found: `the script "${name}" uses ${tool}, which never emits the types of constructor arguments`,
          why: needMetadata,
          fix: 'npm install --save-dev @oxc-node/core, then node --import @oxc-node/core/register <file>; or swc, or tsc',
        }),
      ];
    }
    if (!stripsTypes.test(script)) return [];
    return [
      finding('problem', 'script-types', {
        found: `the script "${name}" lets Node run TypeScript by itself`,
        why: 'Node leaves types out and decorators in, and then does not understand those',
        fix: 'npm install --save-dev @oxc-node/core, then node --import @oxc-node/core/register <file>; or swc, or tsc',
      }),
    ];
  });
}

/** A file that can't be read is a finding. */
function attempt(id: string, file: string, look: () => readonly Check[]): readonly Check[] {
  try {
    return look();
  } catch (error) {
    return [
      finding('problem', id, {
        found: `${file} can't be read: ${(error as Error).message}`,
        why: 'the options of decorators stand in it',
        fix: 'correct it',
      }),
    ];
  }
}
