// What tests need around them: a folder of their own, removed when the test file ends, and ONNX Runtime.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadRuntime } from '../../runner/lib/onnxruntime.mjs';

/** Makes a folder under the system's one for temporaries. */
export function makeScratch(name) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `allot-test-${name}-`));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Why tests that need ONNX Runtime cannot run, or false: for their option `skip`. */
export function whyNoRuntime() {
  try {
    loadRuntime();
    return false;
  } catch (error) {
    return error.message;
  }
}
