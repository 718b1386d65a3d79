/** A job's data: an order, as long in JSON as is asked for. */
export interface Payload {
  readonly order: number;
  /** Where the job has come to: BullMQ's pattern keeps it in the data. */
  readonly step: number;
  readonly lines: readonly object[];
  readonly note: string;
}

export function payload(order: number, bytes: number): Payload {
  const lines: object[] = [];
  const lengthNow = (): number => JSON.stringify({ order, step: 0, lines, note: '' }).length;
  const line = (): object => ({
    sku: `A-${1_000 + lines.length}`,
    quantity: 2,
    price: 19.99,
    title: 'a pair of lamps',
  });
  while (lengthNow() + JSON.stringify(line()).length < bytes) lines.push(line());
  return { order, step: 0, lines, note: '.'.repeat(Math.max(0, bytes - lengthNow())) };
}
