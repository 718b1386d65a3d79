/** Milliseconds since the epoch with fractions: `Date.now()` is too coarse for what is late by one. */
export const wallClock = (): number => performance.timeOrigin + performance.now();
