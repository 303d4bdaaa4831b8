// Calling the planner.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { UserError } from './errors.mjs';
import { warn } from './text_output.mjs';

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

/**
 * Runs allot with `args`; resolves to its standard output. Throws UserError with what it says if it fails. `started` is
 * given the process. What it warns of is passed on; `--quiet` keeps it quiet.
 */
export function runAllot(args, started = () => {}) {
  const allot = findAllot() ?? 'allot';
  return new Promise((resolve, reject) => {
    const child = spawn(allot, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    started(child);
    let output = '', errors = '';
    child.stdout.on('data', (data) => { output += data; });
    child.stderr.on('data', (data) => { errors += data; });
    child.on('error', (error) => reject(new UserError(error.code === 'ENOENT' ? `${allot}: there is no such program; set ALLOT to the path of allot` : `${allot}: ${error.message}`)));
    child.on('close', (status, signal) => {
      const lines = errors.trim().split('\n');
      for (const line of lines.filter((text) => /(^|: )warning: /.test(text))) warn(line.replace(/(^|: )warning: /, '$1'));
      const last = lines.filter((line) => line.startsWith('error: ')).pop();
      if (status === 0) resolve(output);
      else reject(new UserError(last ? last.slice('error: '.length) : `${allot} ${signal ? `was killed by ${signal}` : `ended with status ${status}`}`));
    });
  });
}
