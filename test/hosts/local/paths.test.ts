import { localHost } from '../../../src/hosts/local.ts';
import { hostilePathContract } from '../../contracts/hostile-path.ts';
import { pathsContract } from '../../contracts/paths.ts';
import { verbPathsContract } from '../../contracts/verb-paths.ts';
import { pathsHere } from '../../support/hosts/paths-stage.ts';

const host = localHost();

if (process.getuid?.() === 0) {
  pathsContract('this machine', (test) => pathsHere(test, host.files));
  hostilePathContract('this machine', () => host.files, { rounds: 1000 });
  verbPathsContract('this machine', (test) => ({ ...pathsHere(test, host.files), host }));
}
