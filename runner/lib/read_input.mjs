// Whole files from wherever a user may say that they are: pipes have an end, and devices and what nobody writes are refused.
import fs from 'node:fs';

const LONGEST_WAIT_MS = 3000, STEP = 1 << 16;

const sleep = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

// What comes through a pipe till its writers have closed it.
function readPipe(fd) {
  const pieces = [], since = Date.now();
  while (true) {
    const piece = Buffer.alloc(STEP);
    let count = null;
    try {
      count = fs.readSync(fd, piece, 0, STEP, null);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;  // somebody may write later
    }
    if (count > 0) pieces.push(piece.subarray(0, count));
    else if (count === 0 && pieces.length > 0) return Buffer.concat(pieces);
    else if (count === 0 && Date.now() - since > LONGEST_WAIT_MS) throw new Error('is a pipe that nobody writes to');
    else sleep(10);
  }
}

/** The bytes of a file or pipe. Throws Error with what is wrong, without the name. */
export function readInput(file) {
  const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const about = fs.fstatSync(fd);
    if (about.isCharacterDevice() || about.isBlockDevice()) throw new Error('is a device, not a file');
    return about.isFIFO() ? readPipe(fd) : fs.readFileSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
