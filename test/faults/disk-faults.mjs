// Loaded into the real program before its first line (`node --import`): a fault at the Nth call on a file below FIREBREAK_STATE, or FAULT_STATE where root's fixed folder is meant. Cheaper by far than strace,
// which stops at every system call of a start-up, exact to the call, and it can tear a write in two.
//   FAULT=kill:N    killed -9 instead of the Nth call        FAULT=torn:N  half of it is written, then killed -9
//   FAULT=EIO:N     the Nth call fails, once                 FAULT=ENOSPC:N+  it and every later one fails
//   FAULT=count     nothing
// CALLS names a file that gets the name of each call that was counted, or that was made to fail without a kill.
import { createRequire, syncBuiltinESMExports } from 'node:module';

const fs = createRequire(import.meta.url)('node:fs');
const { openSync, closeSync, writeSync, appendFileSync } = fs;
const [kind = 'count', at = ''] = (process.env.FAULT ?? '').split(':');
const nth = Number.parseInt(at, 10);
const fromThen = at.endsWith('+');
const state = process.env.FAULT_STATE ?? process.env.FIREBREAK_STATE;
const ours = new Set();
let count = 0;

fs.openSync = (path, ...rest) => {
  const fd = openSync(path, ...rest);
  if (String(path).startsWith(state)) ours.add(fd);
  return fd;
};
fs.closeSync = (fd) => {
  ours.delete(fd);
  closeSync(fd);
};
for (const name of ['writeSync', 'fdatasyncSync', 'fsyncSync', 'renameSync']) {
  const real = fs[name];
  fs[name] = (target, ...rest) => {
    if (typeof target === 'number' ? ours.has(target) : String(target).startsWith(state)) meet(name, target, rest);
    return real(target, ...rest);
  };
}
syncBuiltinESMExports();

function meet(name, target, rest) {
  count += 1;
  if (kind === 'count') return appendFileSync(process.env.CALLS, `${name}\n`);
  if (count !== nth && !(fromThen && count > nth)) return;
  if (kind === 'torn' && name === 'writeSync') {
    const [bytes, from = 0, length = bytes.length] = rest;
    writeSync(target, bytes, from, length >> 1);
  }
  if (kind === 'kill' || kind === 'torn') process.kill(process.pid, 'SIGKILL');
  appendFileSync(process.env.CALLS, `${name}\n`);
  throw Object.assign(new Error(`${kind}: injected at ${name} ${count}`), { code: kind });
}
