import { StoreFaultError, StoreUnavailableError, UnsupportedStoreError } from '../index.js';

/** What is wrong with the store, whatever was asked of it. */
export type StoreError = StoreUnavailableError | StoreFaultError | UnsupportedStoreError;

export function isStoreError(error: unknown): error is StoreError {
  return [StoreUnavailableError, StoreFaultError, UnsupportedStoreError].some((each) => error instanceof each);
}
