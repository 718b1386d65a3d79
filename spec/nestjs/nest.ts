import type { ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';

const open = new Set<TestingModule>();

/** An application of these parts, started; {@link closeAll} ends it. */
export async function started(
  parts: ModuleMetadata,
  override: (builder: TestingModuleBuilder) => TestingModuleBuilder = (builder) => builder,
): Promise<TestingModule> {
  const nest = await compiled(parts, override);
  return nest.init();
}

/** An application that is made, and not started. */
export async function compiled(
  parts: ModuleMetadata,
  override: (builder: TestingModuleBuilder) => TestingModuleBuilder = (builder) => builder,
): Promise<TestingModule> {
  const nest = await override(Test.createTestingModule(parts)).compile();
  open.add(nest);
  return nest;
}

/** Why an application of these parts can't be made, or started. */
export async function refusal(parts: ModuleMetadata): Promise<Error> {
  try {
    await started(parts);
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was not refused');
}

/** Once: Nest would call the hooks again. */
export async function close(nest: TestingModule): Promise<void> {
  if (open.delete(nest)) await nest.close();
}

export async function closeAll(): Promise<void> {
  for (const nest of open) await close(nest);
}
