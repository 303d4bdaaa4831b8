// What programs print and write: durations, tables, files that appear whole.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { UserError } from './errors.mjs';

/** Microseconds with a unit: "12.3 ms". */
export function duration(us) {
  if (us === undefined || us === null) return '-';
  const [scale, unit] = us >= 1e6 ? [1e6, 's'] : us >= 1000 ? [1000, 'ms'] : [1, 'us'];
  const value = us / scale;
  return `${value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
}

export const percent = (share) => (share === undefined || share === null ? '-' : `${(share * 100).toFixed(1)} %`);

/** Rows of cells as aligned lines; the first column is left-aligned, the others right-aligned. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows.map((row) => '  ' + row.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join('  ').trimEnd() + '\n').join('');
}

/** Throws UserError if writeWhole() could not write `file`: to be asked before long work. */
export function checkWritable(file) {
  try {
    if (fs.existsSync(file) && fs.statSync(file).isDirectory()) throw new Error('it is a folder');
    fs.accessSync(path.dirname(file), fs.constants.W_OK);
  } catch (error) {
    throw new UserError(`cannot write ${file}: ${error.message}`);
  }
}

// Where a file is to be written that a link may lead to; nothing that is there but a file is replaced.
function placeOf(file) {
  try {
    return { place: fs.realpathSync(file), inPlace: !fs.statSync(file).isFile() };
  } catch {
    return { place: file, inPlace: false };
  }
}

/** Writes `text` (or bytes) to `file` whole or not at all; to a device or a pipe as it is. Throws UserError. */
export function writeWhole(file, text) {
  const { place, inPlace } = placeOf(file);
  let temporary = null;
  try {
    if (inPlace) return fs.writeFileSync(place, text, { flag: fs.constants.O_WRONLY });
    const unfinished = `${place}.${crypto.randomBytes(6).toString('hex')}`;
    const descriptor = fs.openSync(unfinished, 'wx');
    temporary = unfinished;
    try {
      fs.writeFileSync(descriptor, text);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, place);
  } catch (error) {
    if (temporary !== null) fs.rmSync(temporary, { force: true });
    throw new UserError(`cannot write ${file}: ${error.message}`);
  }
}

const TONES = { good: 32, warning: 33, error: '1;31', strong: 1, faint: 2 };

/** `text` in a tone, where `stream` is a terminal that may have colour (NO_COLOR is not set, TERM is not "dumb"). */
export function inTone(tone, text, stream = process.stdout) {
  const { NO_COLOR: refused, TERM: terminal } = process.env;
  if (!stream.isTTY || refused || !terminal || terminal === 'dumb') return text;
  return `\x1b[${TONES[tone]}m${text}\x1b[0m`;
}

const began = Date.now();

/** Replaces a line on the terminal with `text` and how long it has been; prints nothing where stderr is no terminal. */
export function progress(text) {
  if (!process.stderr.isTTY) return;
  const line = text === '' || text.endsWith('\n') ? text : inTone('faint', `${text}  ${((Date.now() - began) / 1000).toFixed(1)} s`, process.stderr);
  process.stderr.write(`\r\x1b[K${line}`);
}

const said = new Set();

/** Writes `warning: text` to stderr, once. */
export function warn(text) {
  if (said.has(text)) return;
  said.add(text);
  process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${inTone('warning', 'warning:', process.stderr)} ${text}\n`);
}
