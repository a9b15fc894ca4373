import { fakeHost } from '../../../src/hosts/fake.ts';
import { type PathsUnderTest, pathsContract } from '../../contracts/paths.ts';
import { type VerbsUnderTest, verbPathsContract } from '../../contracts/verb-paths.ts';
import { emptyWorld } from '../../support/hosts/fake-world.ts';

function stage(): PathsUnderTest & VerbsUnderTest {
  const world = emptyWorld();
  const host = fakeHost(world);
  let inode = 10;
  const put: PathsUnderTest['put'] = (
    path,
    { type, bytes = '', uid = 0, mode = type === 'directory' ? 0o755 : 0o644 },
  ) => {
    inode += 1;
    const base64 = Buffer.from(bytes, 'latin1').toString('base64');
    world.files.set(path, { type, bytes: base64, mode, uid, gid: uid, modified: world.now, inode });
  };
  put('/stage', { type: 'directory' });
  return { host, files: host.files, folder: '/stage', put, state: () => structuredClone(world.files) };
}

pathsContract('the fake', stage);
verbPathsContract('the fake', stage);
