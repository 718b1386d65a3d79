import { concatMap, delay as wait, map, of, range, timer } from 'rxjs';
import { Processor, Step, UnrecoverableError, awaitChildren, delay, type StepJob } from 'stepstream';

export interface Video {
  readonly title: string;
  readonly segments: number;
  /** The one that can't be read, until the file is repaired. */
  readonly scratch?: number | undefined;
}

interface Transcoded {
  readonly done: number;
  readonly of: number;
}

@Processor('thumbnails', { concurrency: 2 })
export class ThumbnailProcessor {
  @Step() draw({ data: { title, at } }: StepJob<{ readonly title: string; readonly at: number }>) {
    return timer(400).pipe(map(() => `${title}-${at}.jpg`));
  }
}

@Processor('videos', { concurrency: 4 })
export class VideoProcessor {
  @Step() inspect({ data: { segments } }: StepJob<Video>) {
    return timer(400).pipe(map(() => `${segments} segments, 1080p`));
  }

  /** Goes on behind the last segment that was saved: after a crash, after a failure, on any machine. */
  @Step() transcode({ data: { segments, scratch }, saved }: StepJob<Video, Transcoded>) {
    const done = saved?.done ?? 0;
    return range(done + 1, segments - done).pipe(
      concatMap((segment) => of(segment).pipe(wait(70))), // the work
      map((segment) => {
        if (segment === scratch) throw new UnrecoverableError(`Segment ${segment} is scratched.`);
        return { done: segment, of: segments };
      }),
    );
  }

  @Step() thumbnails({ data: { title } }: StepJob<Video>) {
    const draw = (at: number) => ({ queue: ThumbnailProcessor, name: 'draw', data: { title, at } });
    return range(1, 4).pipe(awaitChildren<number, string>(draw));
  }

  /** Time to think again: the job sleeps in the store. */
  @Step({ after: 'thumbnails' }) hold(_job: StepJob<Video>, thumbnails: string[]) {
    return of(thumbnails).pipe(delay('30 s'));
  }

  @Step({ after: 'hold' }) publish({ data: { title } }: StepJob<Video>, thumbnails: string[]) {
    return timer(400).pipe(map(() => `${title} is live, with ${thumbnails.length} thumbnails.`));
  }
}
