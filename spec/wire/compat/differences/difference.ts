/**
 * A difference that is meant: what one face says or leaves where the other doesn't. The matching part of a line is left out of
 * the comparison, on the side that it is told for; without a pattern that side has nothing of the kind.
 */
export interface Difference {
  /** The scripts in which it is looked for, by their titles; by default all. */
  readonly where?: RegExp;
  readonly theirs?: RegExp;
  readonly ours?: RegExp;
  readonly why: string;
}

/** All that a script was answered of a call, and of a job, member by member. */
export function answersOf(call: string): RegExp {
  return new RegExp(`^${call}(\\[\\d\\])?(\\.[\\w\\[\\].]+)?: .*`);
}

/** All that is stored. */
export const keys = /^P:.*/;
