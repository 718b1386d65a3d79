import { ConfigurationError, type Fault } from '../index.js';
import { isName, isTaken, type Labels } from './exposition.js';

export interface PrometheusOptions {
  /** Labels of every line, such as `{ instance: 'a' }`. */
  readonly labels?: Labels;
  /** Processor time and memory of this process, too. Default true; false for who has them from elsewhere. */
  readonly process?: boolean;
}

/** @throws ConfigurationError that names all that is wrong */
export function checkOptions(options: PrometheusOptions): void {
  const { labels = {}, process = true, ...unknown } = options;
  const invalid = [...labelFaults(labels), ...(typeof process === 'boolean' ? [] : ['process must be true or false'])];
  const faults: readonly Fault[] = [
    ...Object.keys(unknown).map((name) =>
      faultOf('UNKNOWN_OPTION', `there is no option "${name}"; there are labels, process`),
    ),
    ...invalid.map((message) => faultOf('INVALID_OPTION', message)),
  ];
  if (faults.length > 0) throw new ConfigurationError('There is no such telemetry:', faults);
}

function faultOf(code: Fault['code'], message: string): Fault {
  return { code, at: 'prometheus', message };
}

function labelFaults(labels: unknown): readonly string[] {
  if (typeof labels !== 'object' || labels === null) return ["labels must be an object such as { instance: 'a' }"];
  return Object.entries(labels).flatMap(([name, value]): string[] => {
    const shown = name.slice(0, 128);
    if (isTaken(name)) return [`the label "${shown}" stands on the figures already: give it another name`];
    return isName(name) && typeof value === 'string'
      ? []
      : [`the label "${shown}" must be a text under a name of letters, digits and _`];
  });
}
