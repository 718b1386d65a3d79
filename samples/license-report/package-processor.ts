import { defer } from 'rxjs';
import { Processor, Step, type StepJob } from 'stepstream';
import { Packages } from './packages.js';

export interface PackageRequest {
  readonly folder: string;
  readonly path: string;
}

/** One package: the child jobs of a report. */
@Processor('packages', { concurrency: 32 })
export class PackageProcessor {
  constructor(private readonly packages: Packages) {}

  @Step({ attempts: 3, backoff: 100 })
  inspect({ data: { folder, path } }: StepJob<PackageRequest>) {
    return defer(() => this.packages.inspect(folder, path));
  }
}
