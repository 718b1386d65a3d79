/** Where Stepstream says what an operator should know; pino's and console's shape. */
export interface Logger {
  warn(message: string): void;
  error(message: string): void;
}
