import type { FakeFile, FakeWorld } from '../../../src/hosts/fake/world.ts';
import { fakeHost } from '../../../src/hosts/fake.ts';
import { base64, type FilesUnderTest, filesContract } from '../../contracts/files.ts';
import { holdsContract } from '../../contracts/holds.ts';
import { emptyWorld } from '../../support/hosts/fake-world.ts';

filesContract('the fake', () => underTest(emptyWorld()));
holdsContract('the fake', () => underTest(emptyWorld({ users: { 0: 'root', 1: 'daemon' } })));

function underTest(world: FakeWorld): FilesUnderTest {
  const folder = '/spool';
  let inode = 10;
  const file = (more: Partial<FakeFile>): FakeFile => ({
    type: 'file',
    bytes: '',
    mode: 0o644,
    uid: 0,
    gid: 0,
    modified: world.now,
    inode: ++inode,
    ...more,
  });
  world.files.set(folder, file({ type: 'directory' }));
  return {
    files: fakeHost(world).files,
    folder,
    make: (name, { type = 'file', bytes = 'x', age = 0, mode = 0o644 } = {}) =>
      void world.files.set(`${folder}/${name}`, file({ type, mode, bytes: base64(bytes), modified: world.now - age })),
    names: () =>
      [...world.files.keys()]
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1)),
    swap: () => {
      for (const path of world.files.keys()) if (path.startsWith(`${folder}/`)) world.files.delete(path);
      world.files.set(folder, file({ type: 'directory' }));
    },
  };
}
