import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { App, Job } from 'stepstream';
import { sendEvents } from './event-stream.js';
import { statuses } from './status.js';
import { VideoProcessor, type Video } from './video-processor.js';

const videos: Readonly<Record<string, Video>> = {
  otters: { title: 'Otters at play', segments: 24 },
  storm: { title: 'Storm over the bay', segments: 40 },
  scratched: { title: 'A scratched tape', segments: 24, scratch: 15 },
};

const pages: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '/': { file: 'index.html', type: 'text/html' },
  '/style.css': { file: 'style.css', type: 'text/css' },
  '/page.js': { file: 'page.js', type: 'text/javascript' },
};

/**
 * `POST /jobs` begins one, `GET /jobs/<id>/events` tells of it, `POST /jobs/<id>/<action>` changes its course. Who knows a
 * job's id may do all of that, and the id can't be guessed; where users have accounts, look here whether the job is theirs.
 */
export function createVideoServer(app: App): Server {
  const queue = app.queue(VideoProcessor);
  const statusOf = statuses(app);

  const actions: Readonly<Record<string, (job: Job<Video>) => Promise<unknown>>> = {
    cancel: (job) => job.cancel('Cancelled by you.'),
    'publish-now': (job) => job.promote(),
    async repair(job) {
      await job.updateData({ ...job.data, scratch: undefined });
      await job.retry('failed');
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const route = `${request.method} ${pathname}`;
    const page = request.method === 'GET' ? pages[pathname] : undefined;
    if (page) {
      response.setHeader('content-type', `${page.type}; charset=utf-8`);
      response.end(await readFile(new URL(`page/${page.file}`, import.meta.url)));
      return;
    }
    // another site's page could send a form here, but not with this type
    if (request.method === 'POST' && request.headers['content-type'] !== 'application/json') return end(response, 415);
    if (route === 'POST /jobs') {
      const { video } = (await json(request)) as { readonly video?: string };
      const data = videos[video ?? ''];
      if (!data) return end(response, 404);
      const { id } = await queue.add('publish', data, { jobId: randomUUID() });
      return end(response, 201, { id });
    }
    const [, method, id, action] = /^(GET|POST) \/jobs\/([\w-]+)\/([\w-]+)$/.exec(route) ?? [];
    const job = id === undefined ? undefined : await queue.getJob(id);
    if (!job) return end(response, 404);
    if (method === 'GET' && action === 'events') return sendEvents(response, statusOf(job));
    const act = method === 'POST' ? actions[action!] : undefined;
    if (!act) return end(response, 404);
    await act(job);
    end(response, 200, {});
  }

  return createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error(error);
      if (response.headersSent) response.destroy();
      else end(response, 500);
    });
  });
}

function end(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? { status }));
}
