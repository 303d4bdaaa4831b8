// Whatever goes wrong in a run: one line that says what, status 1, soon, and nothing is left behind.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { edit, makeModels, place, RUN, Runner } from './runner.mjs';

const { scratch, models } = makeModels('faults');
const modelOf = (name) => models.find((file) => path.basename(file) === `${name}.onnx`);
const branches = place(scratch, modelOf('branches'), { objective: 'throughput' });
const tied = place(scratch, modelOf('tied_embedding'));
const ENDLESS = '--samples=100000000';
const run = (args, options) => new Runner(scratch, args, options);
const onLinux = { skip: process.platform !== 'linux' && 'finds workers in /proc' };

// A copy of a placed model that a test may damage.
function copyOf(manifest) {
  const folder = fs.mkdtempSync(path.join(scratch, 'copy-'));
  fs.cpSync(path.dirname(manifest), folder, { recursive: true });
  const copy = path.join(folder, 'manifest.json');
  edit(copy, (content) => {
    content.model = path.relative(folder, path.resolve(path.dirname(manifest), content.model));
    content.integrity ??= Object.fromEntries(content.parts.map(({ file }) => {
      const bytes = fs.readFileSync(path.join(folder, file));
      return [file, { bytes: bytes.length, sha256: crypto.createHash('sha256').update(bytes).digest('hex') }];
    }));
  });
  return copy;
}

// A copy whose parts never end to load: pipes that nobody writes into. So whatever comes, comes while they load.
function endlessLoad(manifest) {
  const copy = copyOf(manifest);
  edit(copy, (content) => {
    delete content.integrity;
    for (const file of content.parts.map((part) => path.join(path.dirname(copy), part.file))) {
      fs.rmSync(file);
      execFileSync('mkfifo', [file]);
    }
  });
  return copy;
}

function folderOfInputs(entries) {
  const folder = fs.mkdtempSync(path.join(scratch, 'feeds-'));
  fs.writeFileSync(path.join(folder, 'index.json'), JSON.stringify(entries.map(({ data, ...entry }, i) => {
    fs.writeFileSync(path.join(folder, `${i}.bin`), Buffer.from(data.buffer));
    return { ...entry, file: `${i}.bin` };
  })));
  return folder;
}

test('a tensor that JavaScript has no numbers for', async () => {
  for (const dtype of ['bfloat16', 'float8e4m3fn', 'int4']) {
    const copy = copyOf(branches);
    const { edges, inputs, outputs } = JSON.parse(fs.readFileSync(copy));
    edit(copy, (content) => { content.signature[edges[0].tensor].dtype = dtype; });
    await run([copy]).fails(new RegExp(`^error: .*manifest\\.json: tensor ${edges[0].tensor} is ${dtype}, which allot run cannot pass between parts`, 'm'));
    // The whole model passes nothing on.
    await run([copy, '--whole=left', '--samples=2']).succeeds();
    await run([copy, '--annotated']).succeeds();
    for (const [role, name] of [['input', inputs[0]], ['output', outputs[0]]]) {
      edit(copy, (content) => { content.signature[name].dtype = dtype; });
      await run([copy, '--whole=left']).fails(new RegExp(`^error: .*manifest\\.json: ${role} ${name} of the model is ${dtype}, which allot run has no numbers for`, 'm'));
      edit(copy, (content) => { content.signature[name].dtype = 'float32'; });
    }
  }
});

test('a worker is killed in mid-stream', onLinux, async () => {
  const runner = run([branches, ENDLESS]);
  const [victim] = await runner.streaming();
  process.kill(victim, 'SIGKILL');
  await runner.fails(new RegExp(`^error: the worker of device (left|right) \\(process ${victim}\\) was killed by SIGKILL( at: run part \\S+ of sample \\d+)?$`, 'm'));
});

test('a worker is killed while it loads', onLinux, async () => {
  const runner = run([endlessLoad(branches), ENDLESS]);
  const [victim] = await runner.started();
  process.kill(victim, 'SIGKILL');
  await runner.fails(new RegExp(`the worker of device (left|right) \\(process ${victim}\\) was killed by SIGKILL at: load .*\\.onnx`));
});

test('a worker that stops is given up', onLinux, async () => {
  const runner = run([branches, ENDLESS, '--stall-timeout=10']);
  const [victim] = await runner.streaming();
  process.kill(victim, 'SIGSTOP');
  await runner.fails(new RegExp(`the worker of device (left|right) \\(process ${victim}\\) has not answered for 10 s \\(--stall-timeout\\) at: run part`));
  await run([endlessLoad(branches), ENDLESS, '--stall-timeout=2']).fails(/has not answered for 2 s \(--stall-timeout\) at: load/);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  test(`${signal} in mid-stream`, onLinux, async () => {
    const runner = run([branches, ENDLESS]);
    await runner.streaming();
    runner.child.kill(signal);
    await runner.fails(new RegExp(`^error: interrupted by ${signal}$`, 'm'));
  });

  test(`${signal} to all processes in mid-stream, as a terminal sends it`, onLinux, async () => {
    const runner = run([branches, ENDLESS], { group: true });
    await runner.streaming();
    process.kill(-runner.child.pid, signal);
    await runner.fails(new RegExp(`^error: interrupted by ${signal}$`, 'm'));
  });
}

test('SIGINT while parts load', onLinux, async () => {
  const runner = run([endlessLoad(branches), ENDLESS]);
  await runner.started();
  runner.child.kill('SIGINT');
  await runner.fails(/^error: interrupted by SIGINT$/m);
});

test('the runner itself is killed', onLinux, async () => {
  for (const when of ['streaming', 'started']) {
    const runner = run([branches, ENDLESS]);
    await runner[when]();
    runner.child.kill('SIGKILL');
    assert.equal((await runner.end()).signal, 'SIGKILL');
  }
});

test('part files that are missing or changed', async () => {
  const damage = async (change, message) => {
    const manifest = copyOf(branches), { parts } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    const file = path.join(path.dirname(manifest), parts[1].file);
    change(file);
    await run([manifest, '--samples=2']).fails(message);
    return { manifest, file };
  };
  await damage((file) => fs.rmSync(file), /\.onnx: the file is missing; write the parts again with allot$/m);
  await damage((file) => {
    const bytes = fs.readFileSync(file);
    bytes[bytes.length >> 1] ^= 1;
    fs.writeFileSync(file, bytes);
  }, /\.onnx: the file is not the one that .*manifest\.json describes/);
  const { manifest } = await damage((file) => fs.truncateSync(file, fs.statSync(file).size >> 1), /\.onnx: the file is not the one/);
  // Without hashes it is ONNX Runtime that sees it.
  edit(manifest, (content) => { delete content.integrity; });
  await run([manifest, '--samples=2']).fails(/^error: device (left|right): load .*\.onnx: /m);
});

test('parts that do not fit the manifest', async () => {
  const renamed = copyOf(branches);
  edit(renamed, (content) => { content.parts.at(-1).outputs = ['z']; content.outputs = ['z']; });
  await run([renamed, '--samples=2']).fails(/\.onnx: the file does not make z, which .*manifest\.json lists$/m);
  const swapped = copyOf(branches);
  edit(swapped, ({ parts, inputs }) => { const part = parts.find((candidate) => candidate.inputs.includes('x')); part.inputs = part.inputs.map((name) => (name === 'x' ? 'w' : name)); inputs.push('w'); });
  edit(swapped, (content) => { content.signature.w = content.signature.x; });
  await run([swapped, '--samples=2']).fails(/\.onnx: the file takes no w, which .*manifest\.json lists$/m);
});

test('inputs that the model does not take', async () => {
  const x = { name: 'x', type: 'float32', dims: [2, 3, 32, 32], data: new Float32Array(2 * 3 * 32 * 32) };
  const given = (entries) => run([branches, '--samples=2', `--inputs=${folderOfInputs(entries)}`]);
  await given([x]).succeeds();
  await given([{ ...x, dims: [2, 3, 16, 64] }]).fails(/input x is float32\[2,3,16,64\], the model takes float32\[batch,3,32,32\]$/m);
  await given([{ ...x, type: 'float64', data: new Float64Array(x.data.length) }]).fails(/input x is float64\[2,3,32,32\], the model takes float32/);
  await given([{ ...x, name: 'y' }]).fails(/index\.json: there is no input x$/m);
  await given([{ ...x, data: x.data.subarray(0, 5).slice() }]).fails(/0\.bin: 20 bytes do not hold float32\[2,3,32,32\]$/m);
  await run([branches, '--samples=2', '--inputs=no-such-folder']).fails(/no-such-folder\/index\.json: ENOENT/);
  await run([branches, '--samples=2', '--inputs=no-such.json']).fails(/no-such\.json: ENOENT/);
});

test('a model that fails as it runs', async () => {
  const spec = path.join(scratch, 'beyond.inputs.json');
  fs.writeFileSync(spec, JSON.stringify({ inputs: { ids: { low: 1000000, high: 1000001 } } }));
  await run([tied, '--samples=50', `--inputs=${spec}`]).fails(/^error: device (left|right): run part p\d+ of sample \d+: .*(out of|bounds)/im);
  await run([tied, '--samples=50', `--inputs=${spec}`, '--check']).fails(/^error: device (left|right): run part whole of sample 0: /m);
  await run([tied, `--inputs=${spec}`, '--annotated']).fails(/^error: device annotated: run .*model\.annotated\.onnx: /m);
});

test('outputs that differ from the whole model\'s', async () => {
  const other = copyOf(branches);
  edit(other, (content) => { content.model = path.relative(path.dirname(other), modelOf('tied_embedding')); });
  await run([other, '--samples=2', '--check']).fails(/tied_embedding\.onnx: the file takes no x/);
  // Other weights: in the largest file most bytes are of weights, and of four in a row one is of an exponent.
  const damaged = copyOf(branches), folder = path.dirname(damaged);
  const [file] = JSON.parse(fs.readFileSync(damaged, 'utf8')).parts.map((part) => path.join(folder, part.file)).sort((a, b) => fs.statSync(b).size - fs.statSync(a).size);
  const bytes = fs.readFileSync(file);
  for (let i = 0; i < 4; ++i) bytes[(bytes.length >> 1) + i] ^= 0x40;
  fs.writeFileSync(file, bytes);
  edit(damaged, (content) => { delete content.integrity; });
  const differs = 'sample 0: output y: element \\d+ is \\S+( \\(\\S+\\))? instead of \\S+, which the whole model gives';
  await run([damaged, '--samples=2', '--check', '--opt=disabled']).fails(new RegExp(`^error: ${differs} \\(tolerance 0\\)$`, 'm'));
  await run([damaged, '--samples=2', '--check', '--tolerance=1e-9']).fails(new RegExp(`^error: ${differs} \\(tolerance 1e-9\\); fusions end where parts do: compare with --opt=disabled, or set --tolerance$`, 'm'));
});

test('what cannot be asked for', async () => {
  await run([]).fails(/no manifest given; usage: allot-run MANIFEST/);
  await run([branches, tied]).fails(/more than one manifest given/);
  await run([path.dirname(branches)]).fails(/did you mean .*manifest\.json\?$/m);
  await run([branches, '--sample=3']).fails(/unknown option --sample; did you mean --samples\?/);
  await run([branches, '--whole=gpu7']).fails(/--whole=gpu7: there is no such device \(there are left, right\)$/m);
  await run([branches, '--dim=batsh=3']).fails(/--dim=batsh=3: no input has a dimension batsh; did you mean 'batch'\?$/m);
  await run([branches, ENDLESS, '--trace=/no/such/folder/t.json']).fails(/cannot write \/no\/such\/folder\/t\.json: ENOENT/);
  await run([branches, ENDLESS, `--trace=${scratch}`]).fails(/cannot write .*: it is a folder$/m);
  const unnamed = copyOf(branches);
  edit(unnamed, (content) => { delete content.model; });
  await run([unnamed, '--check', '--samples=2']).fails(/names no model; make the parts from a file, not from standard input$/m);
  const piped = copyOf(branches);
  edit(piped, (content) => { content.model = '../../../../../../dev/zero'; });
  await run([piped, '--check', '--samples=2']).fails(/the model .*dev\/zero is no file; make the parts from a file$/m);
  const gone = copyOf(branches);
  edit(gone, (content) => { content.model = 'gone.onnx'; });
  await run([gone, '--whole=left', '--samples=2']).fails(/load .*gone\.onnx: /);
});

test('a device that is not here', async () => {
  const other = place(scratch, modelOf('branches'), { provider: (name) => (name === 'left' ? 'cpu' : 'qnn') });
  await run([other, '--samples=2']).fails(/device right runs on provider qnn, which is not installed here \(there is cpu.*\); --on=cpu runs every part on the CPU$/m);
  // What runs elsewhere is compared with the whole model, not with what was predicted for another device.
  const text = await run([other, '--samples=2', '--on=cpu', '--check', '--opt=disabled']).succeeds();
  assert.doesNotMatch(text, /, predicted | {2}predicted/);
  assert.match(text, /\n {2}parts of right ran on the CPU: measured, and not compared with what was predicted for other devices\n/);
  const report = JSON.parse(await run([other, '--samples=2', '--on=cpu', '--json']).succeeds());
  assert.deepEqual([report.moved, report.predicted_us, report.error], [['right'], null, null]);
  assert.deepEqual([...report.parts, ...report.devices].flatMap((row) => Object.keys(row)).filter((key) => key.startsWith('predicted')), []);
  edit(other, (content) => {
    for (const device of content.devices) {
      device.type = 'npu';  // a cpu needs no provider
      delete device.runtime;
    }
  });
  await run([other, '--samples=2']).fails(/device left has no runtime\.provider in the target; --on=cpu/);
  await run([other, '--samples=2', '--on=cpu']).succeeds();
});

test('no room in shared memory', { skip: spawnSync('prlimit', ['--version']).status !== 0 && 'limits files with prlimit' }, async () => {
  // The inputs fit, and then nothing else; or not even they.
  const limited = (bytes) => run([branches, ENDLESS, '--distinct=1'], { under: ['prlimit', `--fsize=${bytes}`] });
  await limited(2 ** 33).fails(/^error: device (left|right): run part p\d+ of sample \d+: no room for \d+ bytes in memory shared by workers \(EFBIG\); lower --in-flight$/m);
  await limited(100).fails(/^error: no room for \d+ bytes in memory shared by workers \(EFBIG\); lower --in-flight$/m);
});

test('no ONNX Runtime', async () => {
  const tools = path.join(scratch, 'tools');
  fs.cpSync(fileURLToPath(new URL('../../runner', import.meta.url)), tools, { recursive: true, filter: (file) => !file.includes('node_modules') });
  const env = { ORT_NODE_MODULES: path.join(scratch, 'nowhere') };
  await run([branches, '--samples=2'], { program: path.join(tools, 'allot-run.mjs'), env }).fails(/^error: onnxruntime-node is not installed: run .*install\.sh$/m);
});

test('no room under the output', onLinux, async () => {
  const full = fs.openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [RUN, branches, '--samples=2', '--json'], { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
  fs.closeSync(full);
  assert.equal(status, 1);
  assert.match(stderr, /^error: cannot write to standard output: ENOSPC[^\n]*\n$/);
});

test('whoever reads the output stops', async () => {
  const runner = run([branches, '--samples=20', '--json']);
  runner.child.stdout.destroy();
  const { status, stderr } = await runner.end();
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
});
