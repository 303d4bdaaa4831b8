// Reads protobuf's wire format from a file by ranges: fields are visited one by one and their contents are read only
// when asked for, so that gigabytes of weights cost one seek each. Memory: one window of 64 KiB and the longest text.
import fs from 'node:fs';
import { UserError } from './errors.mjs';

const WINDOW = 64 * 1024;
const VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5;

export class ProtobufReader {
  #file;
  #path;
  #window = Buffer.alloc(0);
  #start = 0;

  /** Opens the file; throws a UserError if it cannot be read. Call close() in the end. */
  constructor(path) {
    this.#path = path;
    try {
      // Not to wait for a pipe that nobody writes to: it is none that can be read by ranges.
      this.#file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
      const stat = fs.fstatSync(this.#file);
      if (stat.isDirectory()) throw new Error('is a folder');
      if (!stat.isFile()) throw new Error('is no file; from a pipe, write it to a file first');
      this.size = stat.size;
    } catch (error) {
      this.close();
      const absent = error.code === 'ENOENT';
      throw new UserError(`${path}: ${absent ? 'there is no such file' : `cannot be read: ${error.message}`}`);
    }
  }

  close() {
    if (this.#file !== undefined) fs.closeSync(this.#file);
    this.#file = undefined;
  }

  /** The error of a damaged file. */
  damaged(position, what) {
    return new UserError(`${this.#path}: not a readable ONNX model: byte ${position}: ${what}`);
  }

  #byte(position) {
    if (position < this.#start || position >= this.#start + this.#window.length) {
      this.#window = this.#read(position, Math.min(WINDOW, this.size - position));
      this.#start = position;
    }
    return this.#window[position - this.#start];
  }

  #read(position, length) {
    const buffer = Buffer.allocUnsafe(length);
    for (let done = 0; done < length;) {
      const count = fs.readSync(this.#file, buffer, done, length - done, position + done);
      if (count === 0) throw this.damaged(position + done, 'the file ends here');
      done += count;
    }
    return buffer;
  }

  /** Visits the fields of the message at [start, end): {number, wire, start, end} is where a field's contents lie. */
  * fields(start, end) {
    let position = start;
    const varint = () => {
      const first = position;
      let value = 0, scale = 1;
      for (;;) {
        if (position >= end) throw this.damaged(first, 'a number is cut off');
        if (position - first >= 10) throw this.damaged(first, 'a number of more than 10 bytes');
        const byte = this.#byte(position++);
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
        scale *= 128;
      }
    };
    while (position < end) {
      const first = position;
      const tag = varint();
      const number = Math.floor(tag / 8), wire = tag % 8;
      if (number < 1 || number >= 2 ** 29) throw this.damaged(first, `a field of the number ${number}`);
      const field = { number, wire, start: position, end: position, value: 0 };
      if (wire === VARINT) field.value = varint();
      else if (wire === FIXED64) position += 8;
      else if (wire === FIXED32) position += 4;
      else if (wire === LENGTH) {
        const length = varint();
        field.start = position;
        position += length;
      } else throw this.damaged(first, `a field of the unknown kind ${wire}`);
      if (position > end) throw this.damaged(first, `field ${number} is longer than what it lies in`);
      field.end = position;
      yield field;
    }
  }

  /** The contents of a field as text. */
  text(field) {
    if (field.wire !== LENGTH) throw this.damaged(field.start, `field ${field.number} is not a text`);
    const length = field.end - field.start;
    const from = field.start - this.#start;
    if (from >= 0 && from + length <= this.#window.length) return this.#window.toString('utf8', from, from + length);
    return this.#read(field.start, length).toString('utf8');
  }

  /** Visits the fields of a field that is itself a message. */
  message(field) {
    if (field.wire !== LENGTH) throw this.damaged(field.start, `field ${field.number} is not a message`);
    return this.fields(field.start, field.end);
  }
}
