/** `20261123-165504-cron-mail-storm-3f2a`: sorts by time, says what it was, is safe as a folder's name. */
export function newRunId({
  now,
  runbook,
  random,
}: {
  readonly now: number;
  readonly runbook: string;
  readonly random: () => number;
}): string {
  const [day, time] = new Date(now).toISOString().replace(/[-:]/g, '').split(/[T.]/);
  const name = runbook
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  const tail = Math.floor(random() * 0x10000)
    .toString(16)
    .padStart(4, '0');
  return [day, time, name, tail].filter((part) => part !== '').join('-');
}
