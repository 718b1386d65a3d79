#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { run } from './run.js';
import { terminalOf } from './terminal/terminal.js';

// who reads no further, as `head` does, is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

void run(process.argv.slice(2), {
  terminal: terminalOf(process),
  program: realpathSync(process.argv[1]!),
  env: process.env,
  folder: process.cwd(),
}).then((code) => (process.exitCode = code));
