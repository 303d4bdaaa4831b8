// Measuring a small model from end to end; needs ONNX Runtime.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { parseCosts } from '../../runner/lib/costs_table.mjs';
import { UserError } from '../../runner/lib/errors.mjs';
import { SIZES } from '../../runner/lib/measure_pool.mjs';
import { profileModel } from '../../runner/lib/profile_model.mjs';
import { onnxModel } from './onnx_bytes.mjs';
import { makeScratch, whyNoRuntime } from './scratch.mjs';

const skip = whyNoRuntime();

const scratch = makeScratch('profile');
const model = path.join(scratch, 'm.onnx'), target = path.join(scratch, 't.json');
const output = path.join(scratch, 'costs.csv');
const SIZE = 384;
const LAYERS = ['a', 'b', 'c', 'd'];
const nodes = LAYERS.flatMap((name, i) => [
  { name, op: 'MatMul', inputs: [i === 0 ? 'x' : `r${i}`, 'w'], outputs: [`m${i}`] },
  { name: `${name}.relu`, op: 'Relu', inputs: [`m${i}`], outputs: [`r${i + 1}`] },
]);
fs.writeFileSync(model, onnxModel({
  nodes: [...nodes, { op: 'Neg', inputs: ['r4'], outputs: ['y'] },
    { name: 'k', op: 'Mul', inputs: ['w', 'w'], outputs: ['unused'] }],
  inputs: [['x', SIZE, SIZE]], outputs: [['y', SIZE, SIZE]], weights: [['w', SIZE, SIZE]],
}));
const device = (name, runtime, kind = 'cpu') => (
  { name, kind, memory: '1GiB', flops: { default: '1T' }, memory_bandwidth: '10GB/s', runtime });
const writeTarget = (...devices) => (
  fs.writeFileSync(target, JSON.stringify({ schema: 'allot.target/1', name: 't', devices })));
const measure = (more) => (
  profileModel({ model, target, output, level: 'all', seed: 1, dims: {}, defaultDim: 1, ...more }));
process.env.TMPDIR = path.join(scratch, 'tmp');
fs.mkdirSync(process.env.TMPDIR);

test('a model whose inputs JavaScript has no numbers for', { skip }, async () => {
  writeTarget(device('one', { provider: 'cpu', threads: 1 }));
  const narrow = path.join(scratch, 'narrow.onnx'), bytes = onnxModel({
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs: [['x', 4]], outputs: [['y', 4]], weights: [] });
  // The element types of x and y: field 1, FLOAT, before the shape.
  for (let at = bytes.indexOf('\x08\x01\x12'); at >= 0; at = bytes.indexOf('\x08\x01\x12', at)) bytes[at + 1] = 16;
  fs.writeFileSync(narrow, bytes);
  await assert.rejects(measure({ model: narrow, repeats: 1 }),
    (error) => error instanceof UserError && /an input or output is bfloat16, which onnxruntime-node has no numbers for; give the model a Cast there$/.test(error.message));
});

test('rows for all nodes and devices that are here', { skip }, async () => {
  const cpu = { provider: 'cpu', threads: 1 };
  writeTarget(device('one', cpu), device('two', cpu), device('far', { provider: 'nowhere' }, 'gpu'));
  const report = await measure({ repeats: 20, dims: { seq: 7 } });
  const text = fs.readFileSync(output, 'utf8'), rows = parseCosts(text, output);
  assert.match(text, /^# .*m\.onnx on target t, /);
  assert.match(text, /^# open dimensions: seq=7, all others 1$/m);
  assert.match(text, /^# not measured: far: this ONNX Runtime lacks the provider nowhere/m);

  const names = [...nodes.map(({ name }) => name), 'Neg#8', 'k'];
  for (const id of ['one', 'two']) {
    const here = rows.filter((row) => row.what === 'op' && row.device === id);
    assert.deepEqual(here.map((row) => row.node), names);
    const time = Object.fromEntries(here.map((row) => [row.node, row.time_us]));
    assert.equal(time.k, 0);
    const [{ whole_us: whole, fixed_us: fixed, profiled_us: profiled, scale }] = report.measured;
    const sum = here.reduce((total, row) => total + row.time_us, 0), expected = profiled * scale;
    assert.ok(sum > 0 && Math.abs(sum - expected) <= 1e-6 * expected, `rows sum to ${sum} instead of ${expected} us`);
    // On a busy machine next to nothing may have taken longer than the model.
    assert.ok(whole > fixed ? Math.abs(expected - (whole - fixed)) <= 1e-6 * whole : scale === 1, JSON.stringify(report.measured));
  }
  assert.deepEqual(report.measured.map((group) => group.devices), [['one', 'two']]);
  assert.deepEqual(report.measured[0].nodes, { measured: 9, fused: 0, folded: 1 });
  assert.deepEqual(report.absent.map((group) => group.devices), [['far']]);
  assert.deepEqual(rows.filter((row) => row.what === 'launch').map((row) => row.device), ['one', 'two']);
  const transfers = rows.filter((row) => row.what === 'transfer');
  const expected = ['one two', 'two one'].flatMap((pair) => SIZES.map((bytes) => `${pair} ${bytes}`));
  assert.deepEqual(transfers.map((row) => `${row.device} ${row.to} ${row.bytes}`), expected);
  assert.ok(rows.every((row) => row.what === 'op' || row.time_us > 0));
  const left = fs.readdirSync(process.env.TMPDIR).filter((name) => name.startsWith('allot'));
  assert.deepEqual(left, [], 'a temporary folder is left');
});

test('alike devices can be measured one by one', { skip }, async () => {
  writeTarget(device('one', { provider: 'cpu', threads: 1 }), device('two', { provider: 'cpu', threads: 1 }));
  const report = await measure({ repeats: 1, each: true, level: 'disabled' });
  assert.deepEqual(report.measured.map((group) => group.devices), [['one'], ['two']]);
});

test('nothing is written if nothing can be measured', { skip }, async () => {
  fs.rmSync(output, { force: true });
  writeTarget(device('far', { provider: 'nowhere' }, 'gpu'), device('vague', undefined, 'npu'));
  await assert.rejects(measure(), (error) => error instanceof UserError &&
    /no device of target t can be measured here: .*nowhere/.test(error.message));
  writeTarget(device('one', { provider: 'cpu' }));
  await assert.rejects(measure({ model: target }), /not a readable ONNX model/);
  await assert.rejects(measure({ target: path.join(scratch, 'absent.json') }), UserError);
  assert.equal(fs.existsSync(output), false);
  await assert.rejects(measure({ output: path.join(scratch, 'no', 'costs.csv') }), /cannot write .*costs\.csv/);
});
