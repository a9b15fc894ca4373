/**
 * Does the work for each item, at most `limit` at once. If one throws, no further one is begun, the ones at work end,
 * and the error is thrown.
 */
export async function atMost<T>(limit: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const failed: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failed.length > 0) return;
      await work(item).catch((error: unknown) => void failed.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failed.length > 0) throw failed[0];
}
