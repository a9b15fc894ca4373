/**
 * Work on the main thread in slices: signals, timers and the screen get their turn. libuv's pool is no way out, it may
 * not be able to start on the sick host. `await` only where `due()`, because an await for each of 20 000 processes
 * would cost more than reading them.
 */
export interface Slices {
  due(): boolean;
  next(): Promise<void>;
}

const SLICE_MILLISECONDS = 15;

export function createSlices(): Slices {
  let since = performance.now();
  return {
    due: () => performance.now() - since > SLICE_MILLISECONDS,
    next: () =>
      new Promise((resolve) =>
        setImmediate(() => {
          since = performance.now();
          resolve();
        }),
      ),
  };
}
