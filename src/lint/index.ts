/**
 * `stepstream/lint`: a plugin of oxlint and ESLint, with one rule. `oxlint.json` beside this package's `package.json` is the
 * preset of oxlint that loads it. `stepstream doctor` runs it over a project by `findRxjsDelays` of ./find-rxjs-delays.ts.
 */
import { noRxjsDelay } from './no-rxjs-delay.js';
import type { Node, Rule } from './syntax.js';

/** A rule, as any linter takes it: what its context is, it knows best. */
export interface LintRule extends Pick<Rule, 'meta'> {
  create(context: never): Record<string, (node: Node) => void>;
}

/** A plugin, as oxlint and ESLint take it. */
export interface LintPlugin {
  readonly meta: { readonly name: string };
  readonly rules: Readonly<Record<string, LintRule>>;
}

const plugin: LintPlugin = { meta: { name: 'stepstream' }, rules: { 'no-rxjs-delay': noRxjsDelay } };

/**
 * Configurations of ESLint, flat.
 *
 * @example
 * ```js
 * // eslint.config.js
 * import { configs } from 'stepstream/lint';
 *
 * export default [configs.recommended];
 * ```
 */
export const configs = {
  recommended: {
    name: 'stepstream/recommended',
    plugins: { stepstream: plugin },
    rules: { 'stepstream/no-rxjs-delay': 'error' },
  },
} as const;

/** oxlint takes a plugin by its default export only. */
export default plugin;
