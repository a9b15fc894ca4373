import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Remote } from '../../../src/hosts/ssh/remote.ts';
import { shellRemote } from './shell-remote.ts';

interface FarKind {
  readonly name: string;
  readonly shell: readonly string[];
  /** A folder that goes first in PATH. */
  readonly tools?: string;
}

/**
 * The shells of this machine that a far host may have as its sh; busybox with its own tools first in PATH, where it is
 * installed. Closed after the file's tests.
 */
export function remotesHere(): readonly { readonly name: string; readonly remote: Remote }[] {
  const folder = mkdtempSync(join(tmpdir(), 'fb-shells-'));
  const shells: readonly FarKind[] = [
    { name: '/bin/sh', shell: ['/bin/sh'] },
    ...bash(join(folder, 'sh')),
    ...busybox(folder),
  ];
  const remotes = shells.map(({ name, shell, tools }) => ({ name, remote: withTools(shellRemote({ shell }), tools) }));
  after(async () => {
    await Promise.all(remotes.map(({ remote }) => remote.close()));
    rmSync(folder, { recursive: true, force: true });
  });
  return remotes;
}

/** As /bin/sh of Red Hat: by that name it reads no profile. */
function bash(link: string): readonly FarKind[] {
  const path = pathOf('bash');
  if (path === '') return [];
  symlinkSync(path, link);
  return [{ name: 'bash', shell: [link] }];
}

/** And one that is older, whose grep has no -z yet. */
function busybox(folder: string): readonly FarKind[] {
  const listed = spawnSync('busybox', ['--list'], { encoding: 'utf8' });
  if (listed.status !== 0) return [];
  return ['busybox', 'an older busybox'].map((name, at) => {
    const tools = mkdtempSync(join(folder, 'busybox-'));
    for (const tool of listed.stdout.split('\n').filter(Boolean)) symlinkSync(pathOf('busybox'), join(tools, tool));
    if (at === 1) shadow(tools, 'grep', `case $1 in -*z*) exit 1 ;; esac; exec busybox grep "$@"`);
    return { name, shell: [join(tools, 'sh')], tools };
  });
}

function shadow(tools: string, tool: string, script: string): void {
  rmSync(join(tools, tool));
  writeFileSync(join(tools, tool), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** The session sets PATH itself, so each question does. */
function withTools(remote: Remote, tools: string | undefined): Remote {
  if (tools === undefined) return remote;
  return { ...remote, ask: (script, options) => remote.ask(`PATH=${tools}:$PATH\n${script}`, options) };
}

const pathOf = (program: string): string =>
  spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
