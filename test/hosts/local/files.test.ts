import { filesContract } from '../../contracts/files.ts';
import { localUnderTest } from '../../support/folder.ts';

filesContract('this machine', localUnderTest);
