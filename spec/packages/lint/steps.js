import { delay, of } from 'rxjs';
import { Step } from 'stepstream';

export const slow = of(Step).pipe(delay(1_000));
