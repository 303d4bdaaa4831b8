// Whole files: pipes have an end, and what has none is refused.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { readInputs, readInputSpec } from '../../runner/lib/inputs.mjs';
import { readManifest } from '../../runner/lib/manifest.mjs';
import { findReport } from '../../runner/lib/measured_report.mjs';
import { readOnnxFile } from '../../runner/lib/onnx_file.mjs';
import { readInput } from '../../runner/lib/read_input.mjs';
import { makeScratch } from './scratch.mjs';

const scratch = makeScratch('read-input');
const pipe = (name) => {
  const file = path.join(scratch, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  execFileSync('mkfifo', [file]);
  return file;
};

test('files and pipes', () => {
  const file = path.join(scratch, 'file'), text = 'x'.repeat(1e6), through = pipe('through');
  fs.writeFileSync(file, text);
  assert.equal(readInput(file).toString(), text);
  const child = spawn('sh', ['-c', 'exec 3>"$1"; sleep 0.3; cat "$0" >&3', file, through], { stdio: 'ignore' });
  assert.equal(readInput(through).toString(), text);
  child.unref();
  assert.throws(() => readInput(path.join(scratch, 'none')), /ENOENT/);
  assert.throws(() => readInput(scratch), /EISDIR/);
  assert.throws(() => readInput('/dev/zero'), /^Error: is a device, not a file$/);
});

test('nobody waits for a pipe that nobody writes to', () => {
  const nobody = /is a pipe that nobody writes to/;
  assert.throws(() => readInput(pipe('nobody')), nobody);
  const silent = path.join(scratch, 'nobody');
  assert.throws(() => readManifest(silent), /is no file, and parts lie beside/);
  assert.throws(() => readInputSpec('m.onnx', silent), nobody);
  pipe('beside.inputs.json');
  assert.throws(() => readInputSpec(path.join(scratch, 'beside.onnx')), nobody);
  pipe('feeds/index.json');
  assert.throws(() => readInputs(path.join(scratch, 'feeds'), []), nobody);
  pipe('reports/model.report.html');
  assert.throws(() => findReport({ folder: path.join(scratch, 'reports') }), nobody);
  assert.throws(() => readOnnxFile(silent), /nobody: cannot be read: is no file; from a pipe, write it to a file first/);
});
