import { EMPTY, filter, fromEvent, interval, map, merge, of, scan, share, startWith, switchMap, tap } from 'rxjs';
import type { Subscription, Observable } from 'rxjs';
import type { Job, JobEvent, JobProgress, Worker } from 'stepstream';
import type { Cursor } from './report-processor.js';
import { size } from './report-text.js';
import type { Screen } from './screen.js';
