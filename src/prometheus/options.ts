import { ConfigurationError, type Fault } from '../index.js';
import { isName, type Labels } from './exposition.js';

export interface PrometheusOptions {
  /** Labels of every line, such as `{ instance: 'a' }`. */
  readonly labels?: Labels;
  /** Processor time and memory of this process, too. Default true; false for who has them from elsewhere. */
  readonly process?: boolean;
}

/** @throws ConfigurationError that names all that is wrong */
export function checkOptions({ labels = {}, process = true, ...unknown }: PrometheusOptions): void {
  const wrong = [
    ...Object.keys(unknown).map((name) => `there is no option "${name}"; there are labels, process`),
    ...Object.entries(labels)
      .filter(([name, value]) => !isName(name) || typeof value !== 'string')
      .map(([name]) => `the label "${name.slice(0, 128)}" must be a text under a name of letters, digits and _`),
    ...(typeof process === 'boolean' ? [] : ['process must be true or false']),
  ];
  if (wrong.length === 0) return;
  const faults = wrong.map((message): Fault => ({ code: 'INVALID_OPTION', at: 'prometheus', message }));
  throw new ConfigurationError('There is no such telemetry:', faults);
}
