// The devices of a target, as the planner sees them.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { UserError } from './errors.mjs';

/** The planner's program: $ALLOT, else beside the link that started this tool, else on PATH; null if there is none. */
export function findAllot() {
  if (process.env.ALLOT) return process.env.ALLOT;
  const folders = [path.dirname(process.argv[1] ?? '.'), ...(process.env.PATH ?? '').split(path.delimiter)];
  for (const folder of folders.filter((text) => text !== '')) {
    const program = path.join(folder, 'allot');
    try {
      fs.accessSync(program, fs.constants.X_OK);
      if (fs.statSync(program).isFile()) return program;
    } catch { /* not here */ }
  }
  return null;
}

function printTarget(program, name) {
  const args = [`--target=${name}`, '--print-target'];
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (error) throw new UserError(`${program} cannot be started: ${error.message}`);
  if (status === 0) return stdout;
  const last = stderr.trim().split('\n').filter((line) => line.startsWith('error: ')).pop();
  throw new UserError(last ? last.slice('error: '.length) : `${program} --print-target ended with status ${status}`);
}

/**
 * The target called `name`, a file or a built-in name, as its JSON document. Without the planner's program it must be a
 * file, which is then read as it is. Throws UserError if there is no such target.
 */
export function readTarget(name) {
  const program = findAllot();
  let text, place = name;
  if (program !== null) {
    text = printTarget(program, name);
    place = `${program} --target=${name} --print-target`;
  } else {
    try {
      text = fs.readFileSync(name, 'utf8');
    } catch (error) {
      throw new UserError(`--target=${name}: ${error.message}; a built-in target needs the program allot: set ALLOT ` +
        'to its path');
    }
  }
  let target;
  try {
    target = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${place}: ${error.message}`);
  }
  const named = (device) => device !== null && typeof device === 'object' && typeof device.name === 'string';
  if (!Array.isArray(target?.devices) || target.devices.length === 0 || !target.devices.every(named)) {
    throw new UserError(`${place}: not a target: "devices" is missing, empty, or has one without a name`);
  }
  return target;
}
