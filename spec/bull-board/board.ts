import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBullBoard } from '@bull-board/api';
import type { BaseAdapter } from '@bull-board/api/dist/queueAdapters/base.js';
import type { AppJob, AppQueue, JobFlow } from '@bull-board/api/typings/app';
import { ExpressAdapter } from '@bull-board/express';
import express from 'express';

interface Answer {
  readonly status: number;
  readonly body: any;
}

/** bull-board in an express app on loopback, which holds each of its answers against the schema that it declares. */
export class Board {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async serve(queues: readonly BaseAdapter[]): Promise<Board> {
    const serverAdapter = new ExpressAdapter();
    createBullBoard({
      queues,
      serverAdapter,
      options: { validateResponses: true, uiConfig: { pollingInterval: { forceInterval: 1 } } },
    });
    const server = express().use('/', serverAdapter.getRouter()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Board(server);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async call(method: 'GET' | 'PUT' | 'POST' | 'PATCH', path: string, body?: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${this.url}/api${path}`, {
      method,
      ...(body && { headers, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** What a button of the page calls: it is done, or the answer says why not. */
  async press(path: string, body?: object): Promise<void> {
    const { status, body: answer } = await this.call('PUT', `/queues/${path}`, body);
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
  }

  async queues(query = ''): Promise<readonly AppQueue[]> {
    return (await this.call('GET', `/queues?${query}`)).body.queues;
  }

  /** A queue with its jobs: of one state, or the latest of all. */
  async queue(name: string, query = ''): Promise<AppQueue> {
    const queues = await this.queues(`activeQueue=${name}&${query}`);
    return queues.find((queue) => queue.name === name)!;
  }

  async job(queue: string, id: string): Promise<AppJob & { readonly status: string }> {
    const { body } = await this.call('GET', `/queues/${queue}/${id}`);
    return { ...body.job, status: body.status };
  }

  async flow(queue: string, id: string, query = ''): Promise<JobFlow> {
    return (await this.call('GET', `/queues/${queue}/${id}/flow?${query}`)).body;
  }
}
