// bench/same.sh from outside: two builds are the same, or a line says what differs.
import assert from 'node:assert';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const build = process.env.ALLOT_BUILD;
const same = (...args) => spawnSync(join(root, 'bench/same.sh'), args, { encoding: 'utf8' });

function inScratch(body) {
  const scratch = mkdtempSync(join(tmpdir(), 'allot-same-test-'));
  try {
    const inputs = join(scratch, 'inputs'), other = join(scratch, 'other');
    mkdirSync(inputs);
    mkdirSync(other);
    copyFileSync(join(root, 'examples/plugins/mlp.onnx'), join(inputs, 'mlp.onnx'));
    writeFileSync(join(inputs, 'notes.json'), '{"no": "problem"}');
    const printed = spawnSync(join(build, 'allot-opt'), [join(inputs, 'mlp.onnx'), '--target=cpu-gpu', '--infer-shapes', '--estimate-cost', '--coarsen',
      '--print-problem', '-o', join(inputs, 'problem.json')], { encoding: 'utf8' });
    assert.strictEqual(printed.status, 0, printed.stderr);
    for (const program of ['allot', 'allot-opt', 'allot-solve']) symlinkSync(join(build, program), join(other, program));
    body(inputs, other);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

test('the same build twice', () => inScratch((inputs, other) => {
  const run = same(build, other, inputs, '--targets=cpu-gpu,soc-npu', '--work=1000');
  assert.strictEqual(run.status, 0, run.stdout + run.stderr);
  assert.match(run.stdout, /^5 runs, 0 differ; processor time NEW \/ OLD: median \d+\.\d+; most memory: OLD \d+ MiB, NEW \d+ MiB$/m);
}));

test('what differs is said: a file, what is printed, the status', () => inScratch((inputs, other) => {
  rmSync(join(other, 'allot'));
  writeFileSync(join(other, 'allot'), `#!/bin/bash\n${build}/allot "$@"\necho >> out/manifest.json\necho more >&2\nexit 3\n`);
  chmodSync(join(other, 'allot'), 0o755);
  const run = same(build, other, inputs, '--targets=cpu-gpu', '--objectives=latency', '--work=1000');
  assert.strictEqual(run.status, 1, run.stderr);
  assert.match(run.stdout, /^differs: mlp\.onnx cpu-gpu latency: status 0, 3, out\/manifest\.json, stderr$/m);
  assert.match(run.stdout, /^2 runs, 1 differ; /m);
}));

test('what cannot be written is compared as it is printed', () => inScratch((inputs, other) => {
  const old = join(inputs, '../old');
  mkdirSync(old);
  for (const [folder, more] of [[old, ''], [other, 'echo more']]) {
    for (const program of ['allot', 'allot-opt', 'allot-solve']) {
      rmSync(join(folder, program), { force: true });
      symlinkSync(join(build, program), join(folder, program));
    }
    rmSync(join(folder, 'allot'));
    writeFileSync(join(folder, 'allot'),
      `#!/bin/bash\n[[ " $* " == *" -o "* ]] && { echo "error: no weights" >&2; exit 1; }\n${build}/allot "$@"\n${more}\n`);
    chmodSync(join(folder, 'allot'), 0o755);
  }
  const run = same(old, other, inputs, '--targets=cpu-gpu', '--objectives=latency', '--work=1000', '--only=mlp');
  assert.match(run.stdout, /^differs: mlp\.onnx cpu-gpu latency: stdout$/m, run.stderr);
  assert.match(run.stdout, /^1 runs, 1 differ; /m);
}));

test('what is wrong is said', () => inScratch((inputs, other) => {
  assert.match(same(build, other).stderr, /^error: usage: bench\/same\.sh OLD NEW FOLDER/);
  assert.match(same(build, inputs, inputs).stderr, /^error: .*inputs: has no allot; build it first$/m);
  assert.match(same(build, other, inputs, '--only=nothing').stderr, /^error: .*: holds no model and no problem that is asked for$/m);
  assert.strictEqual(same(build, other, inputs, '--seed=1').status, 1);
}));
