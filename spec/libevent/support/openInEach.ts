import { Subscription, type TeardownLogic } from 'rxjs';

/** What a test has open: it ends with the test, or before. */
export function openInEach(): { add(teardown: TeardownLogic): void; end(): void } {
  let open = new Subscription();
  const end = (): void => {
    open.unsubscribe();
    open = new Subscription();
  };
  afterEach(end);
  return {
    add: (teardown) => {
      open.add(teardown);
    },
    end,
  };
}
