/** The application: started by main.ts, or on its own with REDIS_URL, DATABASE and PORT. */
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app-module.js';
import { say } from './say.js';

const nest = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
nest.enableShutdownHooks(); // SIGTERM closes it: without them the process just ends
await nest.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
say('listens, and works');
process.send?.(await nest.getUrl());
