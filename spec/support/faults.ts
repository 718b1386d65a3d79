import { ConfigurationError, createApp, type AppOptions, type Fault } from 'stepstream';

/** What `createApp` finds wrong; the options may be any, as in plain JavaScript. */
export function faultsOf(options: unknown): readonly Fault[] {
  return faultsThrownBy(() => createApp(options as AppOptions));
}

/** As `CODE at`, in the order in which they are reported. */
export function codesOf(options: unknown): readonly string[] {
  return faultsOf(options).map(({ code, at }) => `${code} ${at}`);
}

export function faultsThrownBy(action: () => unknown): readonly Fault[] {
  try {
    action();
  } catch (error) {
    return faultsIn(error);
  }
  return [];
}

export function faultsIn(error: unknown): readonly Fault[] {
  if (error instanceof ConfigurationError) return error.faults;
  throw error;
}
