/** The build, as an installation runs it: type stripping alone would take 60 MB. */
const { localHost } = (await import(
  new URL('../dist/index.js', import.meta.url).href
)) as typeof import('../src/index.ts');

/**
 * Deletes what matches the founding runbook's selector in argv[2]; says how long it took and the most memory it had.
 */
const { files } = localHost();
const started = performance.now();
const list = await files.list(
  { in: String(process.argv[2]), type: ['file'], name: '^[0-9A-Za-z_.]+$' },
  { sample: 20 },
);
if (!list.ok) throw new Error(list.message);
const listed = performance.now();
let first: number | null = null;
const gone = await files.delete(list.handle, {
  batch: 1000,
  limit: Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
  progress: () => {
    first ??= performance.now() - listed;
  },
});
if (!gone.ok) throw new Error(gone.message);
console.log(
  JSON.stringify({
    list: listed - started,
    delete: performance.now() - listed,
    first,
    deleted: gone.deleted,
    rss: process.resourceUsage().maxRSS,
  }),
);
