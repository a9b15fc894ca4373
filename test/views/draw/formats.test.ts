import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const top = join(import.meta.dirname, '../../..');

/** A drawer that somebody adds: it sees a document and nothing else. */
const PAGE = `
import type { Document, Telling } from '../../model/document.ts';

export const drawPage = ({ document }: Telling): string => \`<main>\${document().map(nodeOf).join('')}</main>\\n\`;

function nodeOf(node: Document[number]): string {
  const inside = 'inside' in node ? node.inside.map(nodeOf).join('') : '';
  return \`<\${node.kind}>\${'title' in node ? node.title : ''}\${inside}</\${node.kind}>\`;
}
`;

test('a new format is one file and its name: plan and report print it, and refuse no more', (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'firebreak-format-'));
  t.after(() => rmSync(copy, { recursive: true }));
  for (const part of ['src', 'runbooks', 'package.json'])
    cpSync(join(top, part), join(copy, part), { recursive: true });
  symlinkSync(join(top, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, 'src/views/draw/page.ts'), PAGE);
  const formats = join(copy, 'src/views/formats.ts');
  const text = readFileSync(formats, 'utf8');
  const line = "  page: async (): Promise<Drawer> => (await import('./draw/page.ts')).drawPage,\n";
  writeFileSync(formats, text.replace(/^ {2}json: /m, `${line}$&`));
  appendFileSync(join(copy, 'paint.yaml'), RUNBOOK);
  const run = (...args: readonly string[]) =>
    execFileSync(process.execPath, ['src/cli.ts', ...args], { cwd: copy, encoding: 'utf8' });
  assert.match(run('plan', './paint.yaml', '--format', 'page'), /^<main><section><title><\/title>.*<section>DIAGNOSIS/);
  for (const command of ['plan', 'report', 'show']) assert.match(run(command, '--help'), /"page"/, command);
});

const RUNBOOK = `firebreak: 1
runbook: paint
title: looks only
version: 1.0.0
diagnose:
  - id: here
    disk: {path: /}
    decisive: false
`;
