import { transformSync, type Options } from '@swc/core';

/** Compiles JavaScript with decorators as a user's tools would, and answers the class `X` that it declares. */
export function compileClass(
  source: string,
  scope: Readonly<Record<string, unknown>>,
  transform: NonNullable<Options['jsc']>['transform'] = { legacyDecorator: true, decoratorMetadata: false },
): new () => object {
  const { code } = transformSync(`const made = (() => { ${source}\nreturn X; })();`, {
    swcrc: false,
    isModule: false,
    jsc: { parser: { syntax: 'ecmascript', decorators: true }, transform, target: 'es2022', keepClassNames: true },
  });
  // oxlint-disable-next-line typescript/no-implied-eval -- the test's own constant text
  return new Function(...Object.keys(scope), `${code}\nreturn made;`)(...Object.values(scope)) as new () => object;
}
