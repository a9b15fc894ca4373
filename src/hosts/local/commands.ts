import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import type { Commands } from '../../model/host.ts';
import { FIXED_PATH, spawnCommand } from '../spawn.ts';

export function localCommands(): Commands {
  return {
    run: spawnCommand,
    async which(name) {
      if (name === '' || name.includes('\0')) return null;
      const candidates = name.includes('/') ? [name] : FIXED_PATH.split(':').map((folder) => `${folder}/${name}`);
      return candidates.map(executable).find((path) => path !== null) ?? null;
    },
  };
}

function executable(path: string): string | null {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? realpathSync(path) : null;
  } catch {
    return null;
  }
}
