/** A node of the syntax tree (ESTree, with TypeScript's nodes): of the other properties a rule takes what it knows. */
export interface Node {
  readonly type: string;
  readonly parent: Node;
  readonly range: readonly [start: number, end: number];
  readonly [property: string]: unknown;
}

/** A token, or a comment. */
export interface Token {
  readonly value: string;
  readonly range: readonly [start: number, end: number];
}

/** What a name stands for, and where it is used. */
export interface Variable {
  readonly references: readonly { readonly identifier: Node }[];
}

/** Of the text that is looked at, what the rules ask. */
export interface SourceCode {
  readonly text: string;
  getText(node: Node): string;
  getTokenBefore(node: Node): Token | null;
  getTokenAfter(node: Node | Token): Token | null;
  getDeclaredVariables(node: Node): readonly Variable[];
}

/** A change of the text. */
export interface Fix {
  readonly range: readonly [start: number, end: number];
  readonly text: string;
}

/** What a linter hands to a rule, as ESLint and oxlint have it. */
export interface RuleContext {
  readonly sourceCode: SourceCode;
  report(finding: {
    readonly node: Node;
    readonly messageId: string;
    readonly suggest?: readonly { readonly messageId: string; fix(): Fix[] }[];
  }): void;
}

/** A rule of a linter: what it does with which nodes. */
export interface Rule {
  readonly meta: {
    readonly type: 'problem';
    readonly docs: { readonly description: string };
    readonly hasSuggestions: boolean;
    readonly messages: Readonly<Record<string, string>>;
    readonly schema: [];
  };
  create(context: RuleContext): Record<string, (node: Node) => void>;
}
