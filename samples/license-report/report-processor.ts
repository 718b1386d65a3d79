import { bufferCount, concatMap, defaultIfEmpty, defer, from, map, of, scan } from 'rxjs';
import { Processor, Step, awaitChildren, delay, type ChildSpec, type StepJob } from 'stepstream';
import { PackageProcessor } from './package-processor.js';
import { Packages, type PackageFacts } from './packages.js';
import { reportText } from './report-text.js';
import { summarize, type Summary } from './summary.js';
import { writeReport } from './write-report.js';

export interface ReportRequest {
  /** The project whose packages are looked at. */
  readonly folder: string;
  /** Where the report goes. */
  readonly file: string;
}

/** How far the lock file has been read, and the paths found so far that aren't on the disk. */
export interface Cursor {
  readonly next: number;
  readonly of: number;
  readonly absent: readonly string[];
}

const pageSize = 50;
const beginning: Cursor = { next: 0, of: 0, absent: [] };

@Processor('reports')
export class ReportProcessor {
  constructor(private readonly packages: Packages) {}

  /** Emits a cursor per page. Each is saved: after a crash or a failed attempt the step goes on at the last of them. */
  @Step({ attempts: 3, backoff: 500 })
  read({ data: { folder }, saved = beginning }: StepJob<ReportRequest, Cursor>) {
    return defer(() => this.packages.list(folder)).pipe(
      concatMap((paths) =>
        from(paths.slice(saved.next)).pipe(
          bufferCount(pageSize),
          concatMap(async (page) => ({ read: page.length, absent: await this.packages.absent(folder, page) })),
          scan(
            (cursor, { read, absent }): Cursor => ({
              next: cursor.next + read,
              of: paths.length,
              absent: [...cursor.absent, ...absent],
            }),
            saved,
          ),
          defaultIfEmpty(saved), // nothing left to read: the next step needs a cursor all the same
        ),
      ),
    );
  }

  /** A child job per installed package. The report holds no worker until the last of them is done. */
  @Step({ after: 'read' })
  inspect({ data: { folder } }: StepJob<ReportRequest>, { absent }: Cursor) {
    return defer(() => this.packages.list(folder)).pipe(
      concatMap((paths) => paths.filter((path) => !absent.includes(path))),
      awaitChildren<string, PackageFacts>((path): ChildSpec<PackageProcessor> => ({
        queue: PackageProcessor,
        name: 'inspect',
        data: { folder, path },
      })),
      // what is emitted is saved: the little that the report needs, not what hundreds of children have found
      map((facts) => summarize(facts, absent)),
    );
  }

  @Step({ after: 'inspect' })
  publish({ data: { file } }: StepJob<ReportRequest>, summary: Summary) {
    return of(summary).pipe(
      delay('2 s'), // not rxjs' delay: the job sleeps in the store, and any worker may take it then
      concatMap(() => writeReport(file, reportText(summary))),
    );
  }
}
