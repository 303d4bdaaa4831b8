// A folder of a test's own, removed when the test file ends.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Makes a folder under the system's one for temporaries. */
export function makeScratch(name) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `allot-test-${name}-`));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}
