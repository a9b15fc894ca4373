/** The build, as an installation runs it. */
const { localHost } = (await import(
  new URL('../dist/index.js', import.meta.url).href
)) as typeof import('../src/index.ts');

/** Lists what the founding runbook looks for in argv[2], by its names alone, and by what the files hold. */
const { files } = localHost();
const SUBJECT = '^Cron <(?<owner>[^<>@]+)@[^<>]+> (?<job>.*)$';
const selector = { in: String(process.argv[2]), type: ['file' as const], name: '^[0-9A-Za-z_.]+$' };
const holds = {
  format: 'postfix' as const,
  without: ['received'],
  header: [
    { subject: SUBJECT, from: 'Cron Daemon' },
    { subject: SUBJECT, 'x-cron-env': '^<' },
  ],
};
const started = performance.now();
const list = await files.list(selector, { sample: 20 });
const listed = performance.now();
const held = await files.list({ ...selector, holds }, { sample: 20 });
const { maxRSS: rss } = process.resourceUsage();
if (!list.ok || !held.ok) throw new Error('it could not be listed');
console.log(JSON.stringify({ list: listed - started, holds: performance.now() - listed, count: held.count, rss }));
