import type { Attributes } from '../index.js';

export type Labels = Readonly<Record<string, string>>;

type Kind = 'counter' | 'gauge' | 'histogram';

/** A figure's name as OpenTelemetry's Prometheus exporters make it. */
export function nameOf(figure: string, kind: Kind): string {
  const suffix = { counter: '_total', histogram: '_seconds', gauge: '' }[kind];
  return figure.replaceAll('.', '_') + suffix;
}

export function isName(label: string): boolean {
  return /^[a-z_]\w*$/i.test(label) && !label.startsWith('__');
}

/** Whether the figures' own labels may have the name: Prometheus takes nothing of a text in which a label stands twice. */
export function isTaken(label: string): boolean {
  return /^(le$|error_type$|messaging_|stepstream_)/.test(label);
}

/** What stands between the braces; the same attributes give the same text, in whichever order they come. */
export function labelsOf(attributes: Attributes, labels: Labels): string {
  return Object.entries({ ...labels, ...attributes })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.replaceAll('.', '_')}="${escaped(String(value))}"`)
    .toSorted()
    .join(',');
}

/** One line: a figure's value. */
export function sample(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${numberText(value)}`;
}

/** What comes before the lines of a figure. */
export function heading(name: string, kind: Kind, description: string): readonly string[] {
  return [`# HELP ${name} ${description.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${kind}`];
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function numberText(value: number): string {
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
}
