import type { Fix, Node, SourceCode } from './syntax.js';

/**
 * Moves `delay` from rxjs' import to stepstream's. A suggestion for who looks at it, and no fix by itself: a durable
 * operator's place is the pipe that the step returns, in a callback it throws.
 *
 * @param specifier `delay`, or `delay as …`, within rxjs' import
 * @param stepstream an import from there that has names in braces
 */
export function importDelayFrom(sourceCode: SourceCode, specifier: Node, stepstream: Node | undefined): Fix[] {
  const declaration = specifier.parent;
  const text = sourceCode.getText(specifier);
  const isAlone = (declaration.specifiers as readonly Node[]).length === 1;
  if (!stepstream) {
    const { raw, range } = declaration.source as Node & { readonly raw: string };
    const source = `${raw[0]}stepstream${raw[0]}`;
    if (isAlone) return [{ range, text: source }];
    return [before(declaration, `import { ${text} } from ${source};\n`), without(sourceCode, specifier)];
  }
  const last = (stepstream.specifiers as readonly Node[]).at(-1)!;
  const removed = isAlone ? wholeLine(sourceCode, declaration) : without(sourceCode, specifier);
  return [{ range: [last.range[1], last.range[1]], text: `, ${text}` }, removed];
}

function before(node: Node, text: string): Fix {
  return { range: [node.range[0], node.range[0]], text };
}

function wholeLine({ text }: SourceCode, { range: [start, end] }: Node): Fix {
  return { range: [start, text[end] === '\n' ? end + 1 : end], text: '' };
}

/** Takes one name out of several, with a comma. */
function without(sourceCode: SourceCode, specifier: Node): Fix {
  const [start, end] = specifier.range;
  const comma = sourceCode.getTokenBefore(specifier);
  if (comma?.value === ',') return { range: [comma.range[0], end], text: '' };
  const following = sourceCode.getTokenAfter(sourceCode.getTokenAfter(specifier)!)!;
  return { range: [start, following.range[0]], text: '' };
}
