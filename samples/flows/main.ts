import { Queue, Worker } from 'stepstream';
import { bind, bookOf, drawCover, makeBook, print, typeset } from './book.js';
import { flow, store } from './store.js';
import { say, watch } from './watch.js';

// Here all in one process. On Redis each worker may run in as many processes, on as many machines, as there are.
const workers = [
  new Worker('books', makeBook, store),
  new Worker('chapters', typeset, store),
  new Worker('covers', drawCover, store),
  new Worker('sheets', print, store),
  new Worker('bindings', bind, store),
];
const queues = workers.map(({ name }) => new Queue(name, store));
await Promise.all(queues.map((queue) => watch(queue)));

const { job } = await flow.add(bookOf('Momo', [4_200, 2_700, 6_300]));
say('result', await job.result());

await Promise.all([...workers, ...queues, flow].map((each) => each.close()));
