import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { JobStateError, type App, type Job } from 'stepstream';
import { sendEvents } from './event-stream.js';
import { statuses } from './status.js';
import { VideoProcessor, type Video } from './video-processor.js';

const videos: ReadonlyMap<string, Video> = new Map([
  ['otters', { title: 'Otters at play', segments: 24 }],
  ['storm', { title: 'Storm over the bay', segments: 40 }],
  ['scratched', { title: 'A scratched tape', segments: 24, scratch: 15 }],
]);

const pages: ReadonlyMap<string, { readonly file: string; readonly type: string }> = new Map([
  ['/', { file: 'index.html', type: 'text/html' }],
  ['/style.css', { file: 'style.css', type: 'text/css' }],
  ['/page.js', { file: 'page.js', type: 'text/javascript' }],
]);

/**
 * `POST /videos/<name>/publish` begins a job, `GET /jobs/<id>/events` tells of it, `POST /jobs/<id>/<action>` changes its course.
 * Who knows a job's id may do all of that, and the id can't be guessed; where users have accounts, look here whether the job is theirs.
 */
export function createVideoServer(app: App): Server {
  const queue = app.queue(VideoProcessor);
  const statusOf = statuses(app);

  const actions = new Map<string | undefined, (job: Job<Video>) => Promise<unknown>>([
    ['cancel', (job) => job.cancel('Cancelled by you.')],
    ['publish-now', (job) => job.promote()],
    ['repair', repairAndRetry],
  ]);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url!, 'http://localhost');
    if (request.method === 'GET') {
      const page = pages.get(pathname);
      if (page) return sendPage(response, page);
      const [, id] = /^\/jobs\/([\w-]+)\/events$/.exec(pathname) ?? [];
      const job = id === undefined ? undefined : await queue.getJob(id);
      return job ? sendEvents(response, statusOf(job)) : end(response, 404);
    }
    // the form of another site could be sent here, but not with this type
    if (request.headers['content-type'] !== 'application/json') return end(response, 415);
    const [, kind, name, action] = /^\/(videos|jobs)\/([\w-]+)\/([\w-]+)$/.exec(pathname) ?? [];
    if (kind === 'videos' && action === 'publish') return publish(response, videos.get(name!));
    const job = kind === 'jobs' ? await queue.getJob(name!) : undefined;
    const act = actions.get(action);
    if (!job || !act) return end(response, 404);
    await act(job);
    end(response, 200);
  }

  async function publish(response: ServerResponse, video: Video | undefined): Promise<void> {
    if (!video) return end(response, 404);
    const { id } = await queue.add('publish', video, { jobId: randomUUID() });
    end(response, 201, { id });
  }

  return createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const late = error instanceof JobStateError; // it has gone on meanwhile
      if (!late) console.error(error);
      // an EventSource that is answered 500 gives up for good; when the line breaks, it comes again
      if (response.headersSent || request.method === 'GET') response.destroy();
      else end(response, late ? 409 : 500);
    });
  });
}

async function repairAndRetry(job: Job<Video>): Promise<void> {
  await job.updateData({ ...job.data, scratch: undefined });
  await job.retry('failed');
}

async function sendPage(
  response: ServerResponse,
  { file, type }: { readonly file: string; readonly type: string },
): Promise<void> {
  const content = await readFile(new URL(`page/${file}`, import.meta.url));
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(content);
}

function end(response: ServerResponse, status: number, body: object = { status }): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
