import { GaugeSources, telemetryFigures, type GaugeName, type Metrics } from '../index.js';
import { heading, labelsOf, nameOf, sample, type Labels } from './exposition.js';

/** What is asked for when the figures are collected. */
export class Gauges {
  readonly #labels: Labels;
  readonly #sources = new Map<GaugeName, GaugeSources>();

  constructor(labels: Labels) {
    this.#labels = labels;
  }

  observe: Metrics['observe'] = (gauge, ask) => {
    let sources = this.#sources.get(gauge);
    if (!sources) this.#sources.set(gauge, (sources = new GaugeSources(gauge)));
    return sources.add(ask);
  };

  async lines(): Promise<readonly string[]> {
    const all = [...this.#sources].map(async ([gauge, sources]) => {
      const name = nameOf(gauge, 'gauge');
      const observed = await sources.observations();
      if (observed.length === 0) return [];
      const samples = observed.map(({ value, attributes }) => sample(name, labelsOf(attributes, this.#labels), value));
      return [...heading(name, 'gauge', telemetryFigures.gauges[gauge].description), ...samples];
    });
    return (await Promise.all(all)).flat();
  }
}
