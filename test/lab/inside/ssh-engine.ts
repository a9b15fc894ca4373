import { sshHost } from '../../../src/hosts/ssh.ts';

/** An engine in the middle of a command, to be killed: `node ssh-engine.ts HOST SSH_CONFIG MARK`. */
const [name = '', config = '', mark = ''] = process.argv.slice(2);
const target = { name, address: null, port: null, user: null, identity: null, groups: [], labels: {}, become: null };
const { host } = sshHost(target, { config, become: false, password: null, uid: 0, env: process.env });
const script = `setsid sh -c 'sleep ${mark} &'; sleep ${mark}`;
const ended = host.commands.run(
  { argv: ['sh', '-c', script], effect: 'write', timeout: 600_000 },
  new AbortController().signal,
);
for (;;) {
  const list = await host.processes.list({ args: `^sleep ${mark}$` });
  if (list.ok && list.processes.length === 2) break;
}
console.log('running');
await ended;
