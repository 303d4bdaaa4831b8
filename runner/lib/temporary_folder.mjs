// A folder for what a program writes on its way and nobody wants to keep.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UserError } from './errors.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Gives `body` a new folder under the system's one for temporaries; removes it however the program goes on or ends. */
export async function withTemporaryFolder(body) {
  let folder;
  try {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'allot-'));
  } catch (error) {
    throw new UserError(`cannot make a temporary folder: ${error.message}; set TMPDIR to a folder that can be written`);
  }
  const remove = () => fs.rmSync(folder, { recursive: true, force: true });
  const onSignal = (signal) => {
    if (process.listenerCount(signal) > 1) return;  // somebody else ends the program in order
    remove();
    process.off(signal, onSignal);
    process.kill(process.pid, signal);
  };
  process.on('exit', remove);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await body(folder);
  } finally {
    remove();
    process.off('exit', remove);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
