import { importDelayFrom } from './import-delay.js';
import type { Node, Rule, RuleContext } from './syntax.js';

/**
 * Finds rxjs' own `delay` in files that have to do with steps: it has the name of the durable operator and compiles in its
 * place, but waits within the worker.
 */
export const noRxjsDelay: Rule = {
  meta: {
    type: 'problem',
    docs: { description: "rxjs' own delay holds the worker for the whole time" },
    hasSuggestions: true,
    messages: {
      held:
        "rxjs' delay holds the worker for the whole time, and begins anew when that is gone. Import delay from " +
        "'stepstream': the job sleeps in the store. Where you mean rxjs' own, disable this line.",
      suggested: "Import delay from 'stepstream'.",
    },
    schema: [],
  },
  create: (context) => new File(context).listeners,
};

/** What is known of one file, before it is read to its end. */
class File {
  readonly #context: RuleContext;
  readonly #delays: Node[] = [];
  /** Declarations whose names were followed: `var a = b, b = a` has no end. */
  readonly #followed = new Set<Node>();
  #hasSteps = false;
  #isTest = false;
  /** An import of stepstream's, with names in braces. */
  #stepstream: Node | undefined;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  readonly listeners: Record<string, (node: Node) => void> = {
    ImportDeclaration: (node) => {
      const from = textOf(node.source);
      this.#note(from, bringsSteps(node));
      if (from === 'stepstream' && node.importKind !== 'type' && named(node).length > 0) this.#stepstream ??= node;
      if (!isRxjs(from) || node.importKind === 'type') return;
      for (const specifier of node.specifiers as readonly Node[]) {
        if (specifier.type !== 'ImportSpecifier') this.#delays.push(...this.#usesIn(specifier));
        else if (specifier.importKind !== 'type' && nameOf(specifier.imported) === 'delay')
          this.#delays.push(specifier);
      }
    },
    // import rx = require('rxjs')
    TSImportEqualsDeclaration: (node) => {
      const { type, expression } = node.moduleReference as Node;
      if (type === 'TSExternalModuleReference' && node.importKind !== 'type') this.#module(textOf(expression), node);
    },
    CallExpression: (node) => {
      const [argument] = node.arguments as readonly Node[];
      if (nameOf(node.callee) === 'require') this.#module(textOf(argument), node);
    },
    ImportExpression: (node) => {
      this.#module(textOf(node.source), node.parent.type === 'AwaitExpression' ? node.parent : node);
    },
    'Program:exit': () => {
      if (!this.#hasSteps || this.#isTest) return;
      for (const node of this.#delays) this.#report(node);
    },
  };

  #note(from: string | undefined, hasSteps: boolean): void {
    // in a test's virtual time rxjs' delay is how a service is made slow
    if (from === 'stepstream/testing') this.#isTest = true;
    if (from === 'stepstream' && hasSteps) this.#hasSteps = true;
  }

  /** @param node stands for the whole module */
  #module(from: string | undefined, node: Node): void {
    this.#note(from, true);
    if (!isRxjs(from)) return;
    if (node.type === 'TSImportEqualsDeclaration') this.#delays.push(...this.#usesIn(node));
    else this.#delays.push(...this.#takenFrom(node));
  }

  /** Where the names that a node declares are used for their `delay`. */
  #usesIn(declaration: Node): readonly Node[] {
    if (this.#followed.has(declaration)) return [];
    this.#followed.add(declaration);
    const variables = this.#context.sourceCode.getDeclaredVariables(declaration);
    return variables.flatMap(({ references }) => references.flatMap(({ identifier }) => this.#takenFrom(identifier)));
  }

  /** Where a `delay` is taken from what an expression stands for. */
  #takenFrom(expression: Node): readonly Node[] {
    const { parent } = expression;
    if (parent.type === 'MemberExpression' && parent.object === expression) {
      const name = parent.computed ? textOf(parent.property) : nameOf(parent.property);
      return name === 'delay' ? [parent] : [];
    }
    if (parent.type !== 'VariableDeclarator' || parent.init !== expression) return [];
    const pattern = parent.id as Node;
    if (pattern.type !== 'ObjectPattern') return this.#usesIn(parent);
    const properties = pattern.properties as readonly Node[];
    return properties.filter(({ key }) => (nameOf(key) ?? textOf(key)) === 'delay');
  }

  #report(node: Node): void {
    const { sourceCode } = this.#context;
    const suggest = [{ messageId: 'suggested', fix: () => importDelayFrom(sourceCode, node, this.#stepstream) }];
    this.#context.report({ node, messageId: 'held', ...(node.type === 'ImportSpecifier' && { suggest }) });
  }
}

/** Types alone make no step, but that of a step's job does. */
function bringsSteps(declaration: Node): boolean {
  const specifiers = declaration.specifiers as readonly Node[];
  const areTypes = declaration.importKind === 'type';
  return specifiers.some(
    ({ type, importKind, imported }) =>
      (!areTypes && importKind !== 'type') || type === 'ImportNamespaceSpecifier' || nameOf(imported) === 'StepJob',
  );
}

function isRxjs(from: string | undefined): boolean {
  return from === 'rxjs' || from?.startsWith('rxjs/') === true;
}

function named(declaration: Node): readonly Node[] {
  return (declaration.specifiers as readonly Node[]).filter(({ type }) => type === 'ImportSpecifier');
}

function nameOf(node: unknown): string | undefined {
  const { type, name } = (node ?? {}) as Partial<Node>;
  return type === 'Identifier' ? (name as string) : undefined;
}

/** The value of a literal text. */
function textOf(node: unknown): string | undefined {
  const { type, value } = (node ?? {}) as Partial<Node>;
  return type === 'Literal' && typeof value === 'string' ? value : undefined;
}
