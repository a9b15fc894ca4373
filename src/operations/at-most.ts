/**
 * Each of them in turn, at most so many at once. One that throws lets those at work end, begins no other, and is
 * thrown.
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
