// Files of a folder for those who ask by a URL: nothing outside the folder, by no dots and by no link.
import fs from 'node:fs';
import path from 'node:path';
import { UserError } from './errors.mjs';

const TYPES = { '.html': 'text/html; charset=utf-8', '.json': 'application/json', '.dot': 'text/plain; charset=utf-8', '.mlir': 'text/plain; charset=utf-8', '.png': 'image/png', '.svg': 'image/svg+xml' };

/** What is asked for and may not be given; `status` is that of HTTP. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** A folder that is served. Throws UserError unless it is one. */
export class ViewFolder {
  constructor(folder) {
    try {
      this.root = fs.realpathSync(folder);
      if (!fs.statSync(this.root).isDirectory()) throw Object.assign(new Error('it is not a folder'), { code: 'ENOTDIR' });
    } catch (error) {
      throw new UserError(`${folder}: ${error.code === 'ENOENT' ? 'there is no such folder' : error.code === 'ENOTDIR' ? 'not a folder; give the one that allot -o wrote' : error.message}`);
    }
    this.name = folder;
  }

  /**
   * Opens a file by its path in the folder, decoded: {fd, size, type}; the caller closes it. Throws Refused. The file that
   * is opened is the one that was checked: what it is reached by is looked up again from the open file.
   */
  open(name) {
    const pieces = name.split('/');
    if (name === '' || pieces.some((piece) => piece === '' || piece === '.' || piece === '..') || /[\0\\]/.test(name)) throw new Refused(404, 'there is no such file');
    let fd;
    try {
      // Not to wait for a FIFO that nobody writes to.
      fd = fs.openSync(path.join(this.root, ...pieces), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    } catch {
      throw new Refused(404, 'there is no such file');
    }
    try {
      const about = fs.fstatSync(fd), real = fs.readlinkSync(`/proc/self/fd/${fd}`);
      if (!about.isFile() || !real.startsWith(this.root === '/' ? '/' : `${this.root}/`)) throw new Refused(403, 'it is outside the folder that is served, or no file');
      return { fd, size: about.size, type: TYPES[path.extname(name).toLowerCase()] ?? 'application/octet-stream' };
    } catch (error) {
      fs.closeSync(fd);
      throw error instanceof Refused ? error : new Refused(403, 'it cannot be read');
    }
  }

  /** The text of a file. Throws Refused; also where it has more than `most` bytes. */
  text(name, most = 256e6) {
    const { fd, size } = this.open(name);
    try {
      if (size > most) throw new Refused(413, 'it is too large');
      return fs.readFileSync(fd, 'utf8');
    } finally {
      fs.closeSync(fd);
    }
  }
}
