import type { FileContent } from '../../model/host.ts';
import { isObject, type Json } from '../../model/json.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import { base64Of, latin1Of, shownText } from '../../model/text/bytes.ts';
import { plural } from '../../model/text/quantity.ts';
import { quoteWord } from '../../model/text/quote.ts';
import {
  type Act,
  type Applied,
  acted,
  cannot,
  change,
  defineAction,
  type Look,
  notActed,
  nothingToDo,
  type Observation,
} from '../../model/verb.ts';
import { EDIT, type LineEdit, lineEdit, lineEditOf } from './line-edit.ts';

/** Names of the records beside the journal: what a file held is never a part of an event. */
const BEFORE = 'before';
const AFTER = 'after';

export default defineAction({
  summary: 'change lines of a file',
  about:
    'Changes the lines of an existing regular file, byte by byte otherwise as it was: owner, mode, label, ACL and hard links stay. A second edit finds nothing to do. The file is refused if somebody changed it between the look and the write, ' +
    'and undo is refused if somebody changed it since. Works without a free inode; without a free block only where the file does not grow over its last block. No copy is left beside the file: its bytes before are kept in the run’s record. A symbolic link is only followed if root or we made it where nobody else can change it. For crontabs use the action crontab, which knows their syntax.',
  schema: EDIT,
  example: { file: '/etc/aliases', set_line: { matching: '^root:', to: 'root: ops@example.net' } },
  needs: [],
  idempotent: true,
  observe,
  apply,
  revert,
});

type Content = Extract<FileContent, { ok: true }>;

// ---------------------------------------------------------------- observe

async function observe({ host }: Look, arg: Infer<typeof EDIT>): Promise<Observation> {
  const { file } = arg;
  const edit = lineEditOf(arg);
  if (typeof edit === 'string') return cannot(`edit ${file}`, edit);
  const [content] = await host.files.read([file]);
  if (!content?.ok) return cannot(`edit ${file}`, content?.message ?? `${file} was not read`);
  const before = latin1Of(content.bytes);
  const after = lineEdit(before, edit);
  if (!after.ok) return cannot(`edit ${file}`, `${file}: ${after.reason}`);
  if (after.text === before) return nothingToDo(`${file} is already so`);
  return observationOf(content, before, after.text, edit);
}

function observationOf(content: Content, before: string, after: string, edit: LineEdit): Observation {
  const { real: file, hash } = content;
  const bytes = base64Of(after);
  const changed = plural(changedLines(before, after), 'line');
  return change(`edit ${file}: ${changed}`, {
    targets: { kind: 'file', count: 1, bytes: after.length, members: [file], detail: { path: file, before: hash } },
    state: { now: 'as it is', after: `${changed} changed` },
    blocks: [{ kind: 'diff', path: file, before: shownText(before), after: shownText(after) }],
    undo: { kind: 'revert', say: `put the ${changed} of ${file} back`, data: { path: file } },
    predicts: [{ kind: 'file', path: file, bytes }],
    costs: { edit: 1 },
    keep: { [BEFORE]: content.bytes, [AFTER]: bytes },
    explain: [explainOf(file, edit)],
    estimate: 50,
    warnings: [
      ...(content.path === file ? [] : [`${content.path} leads to ${file}`]),
      ...(content.links > 1 ? [`${file} has ${content.links} names (hard links): all of them change`] : []),
    ],
  });
}

/** How many lines of either text are not in the other, whichever is more. */
function changedLines(before: string, after: string): number {
  const count = (from: string, other: string) => {
    const there = new Map<string, number>();
    for (const line of other.split('\n')) there.set(line, (there.get(line) ?? 0) + 1);
    return from.split('\n').filter((line) => {
      const left = there.get(line) ?? 0;
      there.set(line, left - 1);
      return left <= 0;
    }).length;
  };
  return Math.max(1, count(before, after), count(after, before));
}

function explainOf(file: string, edit: LineEdit): string {
  const name = quoteWord(file);
  switch (edit.kind) {
    case 'set':
      return `sensible-editor ${name}    # the lines that match ${quoteWord(edit.matching)} become: ${edit.to}`;
    case 'add':
      return `sensible-editor ${name}    # add: ${edit.line}`;
    case 'remove':
      return `sensible-editor ${name}    # take out the lines that match ${quoteWord(edit.matching)}`;
    case 'replace':
      return `sensible-editor ${name}    # replace ${quoteWord(edit.pattern)} by: ${edit.with}`;
  }
}

// ---------------------------------------------------------------- apply and revert

async function apply(act: Act, _arg: unknown, observation: Observation): Promise<Applied> {
  const { path: file, before } = isObject(observation.targets.detail) ? observation.targets.detail : {};
  if (typeof file !== 'string' || typeof before !== 'string') return untouched('the file was not looked at');
  if (act.allowance('edit') < 1) return untouched(`${file}: the limit of files to edit is used up`);
  const result = await act.host.files.replace(file, { before, bytes: await act.recall(AFTER) });
  if (!result.ok) return result.code === 'changed' ? untouched(result.message) : maybeTouched(result.message);
  return { outcome: 'done', summary: `edited ${file}`, used: { edit: 1 }, blocks: [] };
}

function untouched(reason: string): Applied {
  return notActed('nothing was edited', reason, { undo: { kind: 'nothing' } });
}

/** The undo of the observation is right: it looks whether there is anything to restore. */
function maybeTouched(reason: string): Applied {
  return notActed('the edit failed', reason);
}

async function revert(act: Act, data: Json): Promise<Applied> {
  const file = isObject(data) ? data.path : undefined;
  if (typeof file !== 'string') return conflict('the record does not say which file it was');
  const [original, written] = [await act.recall(BEFORE), await act.recall(AFTER)];
  const [now] = await act.host.files.read([file]);
  if (!now?.ok) return conflict(now?.message ?? `${file} was not read`);
  if (now.bytes === original) return acted(`${file} is as it was before`);
  if (now.bytes !== written)
    return conflict(
      `${file} was changed by somebody since: it is left as it is, look at it by hand`,
      diffOf(file, now.bytes, original),
    );
  const result = await act.host.files.replace(file, { before: now.hash, bytes: original });
  return result.ok ? acted(`put ${file} back`) : conflict(result.message);
}

function conflict(reason: string, blocks: Applied['blocks'] = []): Applied {
  return notActed('not undone', reason, { blocks });
}

/** What putting it back would have changed. */
function diffOf(file: string, now: string, original: string): Applied['blocks'] {
  return [{ kind: 'diff', path: file, before: shownText(latin1Of(now)), after: shownText(latin1Of(original)) }];
}
