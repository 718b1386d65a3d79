import { delay, of } from 'rxjs';
import { Processor, Step } from 'stepstream';

@Processor('orders')
export class Orders {
  @Step() review() {
    return of(1).pipe(delay(1_000));
  }
}
