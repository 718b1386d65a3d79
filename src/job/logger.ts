/**
 * Where Stepstream says what an operator should know: console, Nest's Logger, or one of pino's shape, which is known by its
 * `bindings()` and gets what a line is about as fields in front of the message: `queue`, `jobId`, `step`, `code`. No payload
 * stands in either.
 */
export interface Logger {
  warn(message: string): void;
  error(message: string): void;
}

/** What a line is about. */
export interface LogFields {
  readonly queue?: string;
  readonly jobId?: string;
  readonly step?: string;
  /** Of an error. */
  readonly code?: string | undefined;
}

/** A logger as it is used within: what it does with the fields is its own affair. */
export interface Log {
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** pino's methods, as far as they matter here. */
interface PinoShaped {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  bindings(): object;
}

export function logOf(logger: Logger): Log {
  if (isPinoShaped(logger)) {
    return {
      warn: (message, fields = {}) => logger.warn(fields, message),
      error: (message, fields = {}) => logger.error(fields, message),
    };
  }
  return { warn: (message) => logger.warn(message), error: (message) => logger.error(message) };
}

function isPinoShaped(logger: object): logger is PinoShaped {
  return 'bindings' in logger && typeof logger.bindings === 'function';
}
