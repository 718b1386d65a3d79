import { transformSync } from 'esbuild';

/**
 * Compiles JavaScript with decorators by esbuild, which emits no type metadata, and answers the class `X` that it
 * declares.
 */
export function compileClass(
  source: string,
  scope: Readonly<Record<string, unknown>>,
  decorators: 'legacy' | 'standard' = 'legacy',
): new () => object {
  const { code } = transformSync(source, {
    loader: 'ts',
    target: 'es2022',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: decorators === 'legacy' } },
  });
  // oxlint-disable-next-line typescript/no-implied-eval -- the test's own text
  return new Function(...Object.keys(scope), `${code}\nreturn X;`)(...Object.values(scope)) as new () => object;
}
