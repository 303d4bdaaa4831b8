// Memory that worker processes share: a file without a name in memory, of which each process holds a descriptor.
//
// The file is sparse. Tensors live in regions that are far apart, so that a tensor may have any size, which for
// data-dependent shapes is known only when it is written. Nothing is left behind however the processes end.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UserError } from './errors.mjs';

/** Bytes from one region's start to the next one's: 16 GiB. Of them tmpfs holds MAX_REGIONS in a file, ext4 1,024. */
const REGION = 2 ** 34;
const MAX_REGIONS = 2 ** 16;
const ENOUGH = 512 * 2 ** 20;
// What one call of the system may move.
const PIECE = 2 ** 30;

const freeBytes = (folder) => {
  try {
    // Node.js before 18.15 cannot ask.
    if (!fs.statfsSync) return fs.existsSync(folder) ? ENOUGH : -1;
    const { bavail, bsize } = fs.statfsSync(folder);
    return bavail * bsize;
  } catch {
    return -1;
  }
};

/** A descriptor of a new file without a name: in memory where that has room, else in the folder for temporary files. */
export function createSharedMemory(memoryFolder = '/dev/shm') {
  const folder = freeBytes(memoryFolder) >= ENOUGH ? memoryFolder : os.tmpdir();
  const name = path.join(folder, `allot-run-${process.pid}-${process.hrtime.bigint()}`);
  try {
    const descriptor = fs.openSync(name, 'wx+', 0o600);
    fs.unlinkSync(name);
    return descriptor;
  } catch (error) {
    throw new UserError(`cannot make shared memory in ${folder}: ${error.message}`);
  }
}

/** Writes `bytes` as the content of a region. Throws UserError if there is no room. */
export function writeRegion(descriptor, region, bytes) {
  if (region >= MAX_REGIONS) throw new UserError(`${region} tensors in flight are more than the runner can hold; lower --in-flight`);
  if (bytes.length > REGION) throw new UserError(`a tensor of ${bytes.length} bytes is larger than the runner can pass on (${REGION})`);
  try {
    for (let done = 0; done < bytes.length; ) {
      done += fs.writeSync(descriptor, bytes, done, Math.min(PIECE, bytes.length - done), region * REGION + done);
    }
  } catch (error) {
    throw new UserError(`no room for ${bytes.length} bytes in memory shared by workers (${error.code}); lower --in-flight`);
  }
}

/** The first `size` bytes of a region, in `bytes` (of that length), else in a buffer of their own. */
export function readRegion(descriptor, region, size, bytes = Buffer.from(new ArrayBuffer(size))) {
  for (let done = 0; done < size; ) {
    const count = fs.readSync(descriptor, bytes, done, Math.min(PIECE, size - done), region * REGION + done);
    if (count === 0) throw new Error(`region ${region} ends after ${done} of ${size} bytes`);
    done += count;
  }
  return bytes;
}
