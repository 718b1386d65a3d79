import type { ServerResponse } from 'node:http';
import type { Observable } from 'rxjs';

/** Milliseconds. Proxies end connections on which nothing is said. */
const silence = 15_000;

/**
 * Answers with server-sent events: each value is a message, the end is one named `end`. A client that reads slowly gets the
 * latest value when it is ready for one. Unsubscribes when the client goes; an error ends the connection, and the client comes again.
 */
export function sendEvents(response: ServerResponse, values$: Observable<unknown>): void {
  if (response.destroyed) return; // the client went while the job was looked for
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no', // nginx would keep them back
  });
  response.write('retry: 1000\n\n'); // milliseconds after which a client that was cut off comes again
  let latest: { readonly value: unknown } | undefined;
  let ended = false;

  const flush = (): void => {
    if (response.writableNeedDrain) return;
    if (latest) response.write(`data: ${JSON.stringify(latest.value)}\n\n`);
    latest = undefined;
    if (ended) response.end('event: end\ndata:\n\n');
  };
  const subscription = values$.subscribe({
    next: (value) => {
      latest = { value };
      flush();
    },
    error: () => response.destroy(),
    complete: () => {
      ended = true;
      flush();
    },
  });
  const heartbeat = setInterval(() => response.write(':\n\n'), silence);
  response.on('drain', flush);
  response.once('close', () => {
    clearInterval(heartbeat);
    subscription.unsubscribe();
  });
}
