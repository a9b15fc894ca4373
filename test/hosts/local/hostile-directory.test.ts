import { localFiles } from '../../../src/hosts/local/files.ts';
import { localMachine } from '../../../src/hosts/local/machine.ts';
import { hostileDirectoryContract } from '../../contracts/hostile-directory.ts';

hostileDirectoryContract('this machine', () => localFiles({ machine: localMachine() }));
