import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface ReportFile {
  readonly file: string;
  readonly text: string;
}

/** Safe to do twice: a worker that dies between this and the checkpoint leaves it to the next one. */
export async function writeReport(file: string, text: string): Promise<ReportFile> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${text}\n`);
  return { file, text };
}
