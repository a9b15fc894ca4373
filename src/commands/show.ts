import { defineCommand } from './_command.ts';
import { FORMAT_OPTIONS, show } from './_plan.ts';
import { DONE, hasEnded, refuse } from './_result.ts';
import { commandFor } from './_save.ts';
import { readSaved } from './_saved.ts';

export default defineCommand({
  name: 'show',
  summary: 'show a saved plan again, also on another machine',
  about:
    'Shows a plan that was saved with `firebreak plan --save`, as it was reviewed, without looking at any host. A plan whose id does not fit it any more was changed, and is refused. Whoever can write the file can give it a new id, so whose file it is is shown.',
  args: [{ syntax: '<plan>', about: 'the file of a saved plan' }],
  options: FORMAT_OPTIONS,
  examples: [
    ['firebreak show plan.json', 'the whole review, with who saved it and how long it is valid'],
    ['firebreak show plan.json --format md > change.md', 'for a change ticket'],
  ],
  async run(io, [file = ''], options) {
    const saved = await readSaved(io, file, 'to-show');
    if (hasEnded(saved)) return saved;
    const policy = saved.asked.policy ?? undefined;
    const command = commandFor(saved.asked.runbook, { plan: file, ...(policy !== undefined && { policy }) });
    try {
      await show(io, saved.plan, { options, command, saved });
      return DONE;
    } catch (error) {
      // Below the checked keys a plan can contain anything, so a view may fail on it.
      if (!(error instanceof TypeError) && !(error instanceof RangeError)) throw error;
      return refuse(
        `${file} is no plan as firebreak saves one: its steps cannot be shown; ask whoever gave it to you to plan again`,
        'invalid-runbook',
      );
    }
  },
});
