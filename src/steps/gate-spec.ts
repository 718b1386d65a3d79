import type { ChildFailurePolicy } from '../engine/records.js';
import type { ChildSpec } from './children.js';
import type { Duration } from '../job/duration.js';
import type { ItemSpec } from './items.js';

/** What makes one durable operator differ from another. */
export interface GateSpec<V> {
  readonly kind: string;
  readonly key?: string | undefined;
  /** When its values may pass. */
  readonly due?: (values: V[]) => Duration;
  /** The children that it adds for a value. */
  readonly children?: (value: V, index: number) => ChildSpec | readonly ChildSpec[];
  /** What the failure of one of them does to the job; `undefined`: they are no children, but jobs on their own. */
  readonly onFailure?: ChildFailurePolicy | undefined;
  /** Whether it passes on the results of children, as one array, and of which: its own, or those no other gate awaits. */
  readonly awaits?: 'own' | 'others';
  /** Durable work for each of its values. */
  readonly items?: ItemSpec<V>;
}
