import { filesContract } from '../../contracts/files.ts';
import { holdsContract } from '../../contracts/holds.ts';
import { localUnderTest } from '../../support/folder.ts';

filesContract('this machine', localUnderTest);
holdsContract('this machine', localUnderTest);
