// The Python package of this checkout: its programs, and calls into it.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OWN = path.join(ROOT, 'python/venv/bin/python');
const PYTHON = process.env.ALLOT_PYTHON ?? (fs.existsSync(OWN) ? OWN : 'python3');
const env = { ...process.env, PYTHONPATH: path.join(ROOT, 'python'), PYTHONDONTWRITEBYTECODE: '1' };

/** Starts `allot view` on folders; resolves to {child, address}, once it listens. */
export async function startView(folders, allot, options = {}) {
  const child = spawn(PYTHON, ['-m', 'allot.commands.view', ...folders], { env: { ...env, ALLOT: path.resolve(allot) }, stdio: ['ignore', 'pipe', 'inherit'], ...options });
  const address = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (data) => { text += data; if (text.includes('\n')) resolve(/http:\S+/.exec(text)[0]); });
    child.on('close', () => reject(new Error('allot view has ended')));
  });
  return { child, address };
}

/** Puts what was measured into a report, as `allot run --report` does. */
export function writeMeasured(file, measured) {
  const program = 'import json, sys; from allot.running.measured_report import write_measured; write_measured(sys.argv[1], json.load(sys.stdin))';
  execFileSync(PYTHON, ['-c', program, file], { env, input: JSON.stringify(measured) });
}
