// Memory that workers share: regions of any size, far apart, in a file without a name.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { UserError } from '../../runner/lib/errors.mjs';
import { createSharedMemory, readRegion, writeRegion } from '../../runner/lib/shared_memory.mjs';
import { makeScratch } from './scratch.mjs';

const scratch = makeScratch('memory');
process.env.TMPDIR = scratch;

const refuses = (body, message) => assert.throws(body, (error) => {
  assert.ok(error instanceof UserError, error.stack);
  assert.match(error.message, message);
  return true;
});

for (const [where, folder] of [['memory', '/dev/shm'], ['the folder for temporaries', path.join(scratch, 'no-such-folder')]]) {
  test(`regions in ${where}`, () => {
    const memory = createSharedMemory(folder);
    assert.deepEqual(fs.readdirSync(scratch), []);
    const content = Array.from({ length: 40 }, (_, i) => Buffer.from(Array.from({ length: i * 1000 }, (_, j) => (i * 7 + j) % 251)));
    content.forEach((bytes, region) => writeRegion(memory, region, bytes));
    content.forEach((bytes, region) => assert.ok(readRegion(memory, region, bytes.length).equals(bytes)));
    writeRegion(memory, 3, Buffer.from('shorter'));
    assert.equal(readRegion(memory, 3, 7).toString(), 'shorter');
    assert.ok(fs.fstatSync(memory).blocks * 512 < 2 ** 26, 'what lies between is not stored');
    // Elements of every size lie as typed arrays need them.
    assert.equal(readRegion(memory, 2, 8).byteOffset % 8, 0);
    assert.throws(() => readRegion(memory, 5000, 1), /region 5000 ends after 0 of 1 bytes/);
    fs.closeSync(memory);
  });
}

test('no room', () => {
  const file = path.join(scratch, 'full');
  fs.writeFileSync(file, '');
  const readOnly = fs.openSync(file, 'r');
  refuses(() => writeRegion(readOnly, 0, Buffer.alloc(10)), /^no room for 10 bytes in memory shared by workers \(EBADF\); lower --in-flight$/);
  refuses(() => writeRegion(readOnly, 2 ** 16, Buffer.alloc(10)), /^65536 tensors in flight are more than the runner can hold; lower --in-flight$/);
  refuses(() => writeRegion(readOnly, 0, { length: 2 ** 40 }), /^a tensor of 1099511627776 bytes is larger than the runner can pass on/);
  fs.closeSync(readOnly);
  fs.rmSync(file);
  process.env.TMPDIR = path.join(scratch, 'gone');
  refuses(() => createSharedMemory(path.join(scratch, 'no-such-folder')), /^cannot make shared memory in .*gone: ENOENT/);
});
