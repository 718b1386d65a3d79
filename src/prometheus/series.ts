import { telemetryFigures, type Attributes, type CounterName, type HistogramName } from '../index.js';
import { heading, labelsOf, nameOf, sample, type Labels } from './exposition.js';

const { counters, histograms, buckets } = telemetryFigures;

interface Distribution {
  /** Of each bucket alone; the last is that beyond all bounds. */
  readonly counts: number[];
  sum: number;
}

/** What has been counted and measured since the process began, by figure and labels. */
export class Series {
  readonly #labels: Labels;
  readonly #texts = new Map<string, string>();
  readonly #counts = new Map<CounterName, Map<string, number>>();
  readonly #distributions = new Map<HistogramName, Map<string, Distribution>>();

  constructor(labels: Labels) {
    this.#labels = labels;
  }

  /** Worded once for each: they come with every job, and are few. */
  #labelsOf(attributes: Attributes): string {
    const key = JSON.stringify(attributes);
    let text = this.#texts.get(key);
    if (text === undefined) this.#texts.set(key, (text = labelsOf(attributes, this.#labels)));
    return text;
  }

  count(counter: CounterName, by: number, attributes: Attributes): void {
    const counts = within(this.#counts, counter);
    const labels = this.#labelsOf(attributes);
    counts.set(labels, (counts.get(labels) ?? 0) + by);
  }

  record(histogram: HistogramName, seconds: number, attributes: Attributes): void {
    const distributions = within(this.#distributions, histogram);
    const labels = this.#labelsOf(attributes);
    let distribution = distributions.get(labels);
    if (!distribution) {
      distribution = { counts: Array.from({ length: buckets.length + 1 }, () => 0), sum: 0 };
      distributions.set(labels, distribution);
    }
    const bucket = buckets.findIndex((bound) => seconds <= bound);
    distribution.counts[bucket < 0 ? buckets.length : bucket]!++;
    distribution.sum += seconds;
  }

  lines(): readonly string[] {
    const counted = [...this.#counts].flatMap(([figure, counts]) => {
      const name = nameOf(figure, 'counter');
      const samples = [...counts].map(([labels, count]) => sample(name, labels, count));
      return [...heading(name, 'counter', counters[figure].description), ...samples];
    });
    const measured = [...this.#distributions].flatMap(([figure, distributions]) => {
      const name = nameOf(figure, 'histogram');
      const samples = [...distributions].flatMap(([labels, distribution]) =>
        histogramLines(name, labels, distribution),
      );
      return [...heading(name, 'histogram', histograms[figure].description), ...samples];
    });
    return [...counted, ...measured];
  }
}

/** Each bucket holds all that is up to its bound. */
function histogramLines(name: string, labels: string, { counts, sum }: Distribution): readonly string[] {
  let total = 0;
  const lines = counts.map((count, index) => {
    total += count;
    const le = `le="${index < buckets.length ? buckets[index] : '+Inf'}"`;
    return sample(`${name}_bucket`, labels === '' ? le : `${labels},${le}`, total);
  });
  return [...lines, sample(`${name}_sum`, labels, sum), sample(`${name}_count`, labels, total)];
}

function within<Name, Value>(all: Map<Name, Map<string, Value>>, name: Name): Map<string, Value> {
  let found = all.get(name);
  if (!found) all.set(name, (found = new Map()));
  return found;
}
