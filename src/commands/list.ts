import { defineCommand } from './_command.ts';
import { DONE } from './_result.ts';

export default defineCommand({
  name: 'list',
  summary: 'list the runbooks of the library',
  about: 'Lists the runbooks that come with firebreak: name, version, and what each is for.',
  args: [],
  options: [{ flags: '--json', about: 'print JSON' }],
  examples: [['firebreak list', 'name, version and title of each runbook']],
  async run(io, _args, options) {
    const { libraryNames, readRunbook } = await import('../wiring/library.ts');
    const read = await Promise.all(libraryNames().map((name) => readRunbook(name, io.cwd)));
    const runbooks = read.flatMap((checked) => (checked.ok === true ? [checked.value] : []));
    if (options.json === true) {
      const rows = runbooks.map(({ name, version, title, about, source }) => ({
        name,
        version,
        title,
        about,
        path: source.path,
        hash: source.hash,
      }));
      io.stdout(`${JSON.stringify(rows, null, 2)}\n`);
    } else {
      const widest = Math.max(0, ...runbooks.map((runbook) => runbook.name.length));
      for (const { name, version, title } of runbooks) io.stdout(`${name.padEnd(widest)}  ${version}  ${title}\n`);
    }
    return DONE;
  },
});
