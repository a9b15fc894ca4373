import { filesContract } from '../../contracts/files.ts';
import { freedContract } from '../../contracts/freed.ts';
import { holdsContract } from '../../contracts/holds.ts';
import { localUnderTest } from '../../support/folder.ts';

filesContract('this machine', localUnderTest);
holdsContract('this machine', localUnderTest);
freedContract('this machine', { make: localUnderTest, held: true });
