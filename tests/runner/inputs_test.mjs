// Inputs of a model: seeded, by side file, and from a folder.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { UserError } from '../../runner/lib/errors.mjs';
import { fromHalf } from '../../runner/lib/tensors.mjs';
import { makeInput, makeInputs, randomNumbers, readInputs, readInputSpec, warnOfUnknown } from '../../runner/lib/inputs.mjs';
import { makeScratch } from './scratch.mjs';

const scratch = makeScratch('inputs');
const refuses = (body, message) => assert.throws(body, (error) => {
  assert.ok(error instanceof UserError, error.stack);
  if (typeof message === 'string') assert.equal(error.message, message); else assert.match(error.message, message);
  return true;
});
const make = (type, rule = {}, shape = [1000], seed = 1) => makeInput({ name: 'x', type, shape }, rule, {}, 1, seed);

test('the same numbers on every machine', () => {
  const next = randomNumbers(1, 'x');
  const first = [next(), next(), next()];
  assert.deepEqual(first, [0.7210021985229105, 0.32033186056651175, 0.16714606224559247]);
  const again = randomNumbers(1, 'x');
  assert.deepEqual([again(), again(), again()], first);
  assert.notEqual(randomNumbers(2, 'x')(), first[0]);
  assert.notEqual(randomNumbers(1, 'y')(), first[0]);
  for (let i = 0; i < 1000; ++i) { const value = next(); assert.ok(value >= 0 && value < 1); }
});

test('values of each type', () => {
  const { data } = make('float32', {}, [10000]);
  const average = data.reduce((sum, x) => sum + x, 0) / data.length, variance = data.reduce((sum, x) => sum + (x - average) ** 2, 0) / data.length;
  assert.ok(Math.abs(average) < 0.05 && Math.abs(variance - 1) < 0.1, `${average} ${variance}`);
  const range = (type, rule) => { const values = [...make(type, rule).data].map(Number); return [Math.min(...values), Math.max(...values)]; };
  assert.deepEqual(range('int64'), [0, 7]);
  assert.deepEqual(range('int32', { low: -2, high: 3 }), [-2, 2]);
  assert.deepEqual(range('int32', { low: 10 }), [10, 10]);
  assert.deepEqual(range('bool'), [0, 1]);
  const [least, most] = range('int8'), [low, high] = range('uint8');
  assert.ok(least < -100 && most > 100 && low < 28 && high > 228);
  assert.ok(make('float16').data.every((bits) => Math.abs(fromHalf(bits)) <= 3.5));
  assert.ok(make('string').data.every((text) => typeof text === 'string'));
  refuses(() => make('bfloat16'), 'input x: no values can be made for type bfloat16');
});

test('rules', () => {
  assert.deepEqual([...make('float32', { value: 2.5 }, [3]).data], [2.5, 2.5, 2.5]);
  assert.deepEqual([...make('int64', { values: [1, 2] }, [3]).data], [1n, 2n, 1n]);
  assert.deepEqual([...make('bool', { value: false }, [2]).data], [0, 0]);
  assert.deepEqual(make('string', { values: ['a', 7] }, [2]).data, ['a', '7']);
  assert.deepEqual(make('float32', { shape: [2, 3] }, [9, 9]).dims, [2, 3]);
  const plain = make('float32'), scaled = make('float32', { scale: 0.5, mean: 3 });
  scaled.data.forEach((value, i) => assert.ok(Math.abs(value - (plain.data[i] * 0.5 + 3)) < 1e-6));
});

test('shapes', () => {
  const dims = (shape, sizes = {}) => makeInput({ name: 'x', type: 'float32', shape }, {}, sizes, 5, 1).dims;
  assert.deepEqual(dims([2, 'batch', '', -1], { batch: 3 }), [2, 3, 5, 5]);
  assert.deepEqual(dims([]), []);
  assert.equal(make('float32', {}, []).data.length, 1);
  assert.equal(make('float32', {}, [0, 4]).data.length, 0);
});

test('all inputs but those that are omitted', () => {
  const metadata = [{ name: 'a', type: 'float32', shape: [2] }, { name: 'b', isTensor: false }, { name: 'c', type: 'int64', shape: ['n'] }];
  const spec = { dims: { n: 3 }, inputs: { b: { omit: true } } };
  assert.deepEqual(makeInputs(metadata, spec, 1, 1).map(({ name, dims }) => [name, dims]), [['a', [2]], ['c', [3]]]);
  assert.deepEqual(makeInputs(metadata, spec, 1, 7), makeInputs(metadata, spec, 1, 7));
  refuses(() => makeInputs(metadata, { dims: {}, inputs: {} }, 1, 1), /^input b is no tensor; /);
});

test('side files', () => {
  const file = path.join(scratch, 'model.inputs.json');
  const write = (text) => fs.writeFileSync(file, typeof text === 'string' ? text : JSON.stringify(text));
  assert.deepEqual(readInputSpec(path.join(scratch, 'other.onnx')), { dims: {}, inputs: {} });
  refuses(() => readInputSpec('', path.join(scratch, 'nothing.json')), /nothing\.json: ENOENT/);
  write({ dims: { batch: 2 }, inputs: { x: { low: 0, high: 4, value: 1, values: [true, 'a'], shape: [1], scale: 0.5, mean: -1, omit: false } } });
  assert.equal(readInputSpec(path.join(scratch, 'model.onnx')).dims.batch, 2);
  for (const [content, message] of [
    ['{', /JSON/], ['[]', 'expected an object with "dims" and "inputs"'], ['null', 'expected an object with "dims" and "inputs"'],
    [{ inputs: [] }, 'expected an object with "dims" and "inputs"'], [{ dim: {} }, 'unknown key "dim"; there are "dims" and "inputs"'],
    [{ dims: { n: -1 } }, 'dims: n: expected a size, not -1'], [{ dims: { n: '3' } }, 'dims: n: expected a size, not "3"'],
    [{ inputs: { x: 3 } }, 'inputs: x: expected an object'],
    [{ inputs: { x: { hi: 3 } } }, 'inputs: x: unknown key "hi"; there are low, high, scale, mean, value, values, shape, omit'],
    [{ inputs: { x: { low: 0.5 } } }, 'inputs: x: "low": expected an integer, not 0.5'],
    [{ inputs: { x: { values: [] } } }, 'inputs: x: "values": expected a list of numbers, texts or truth values, not []'],
    [{ inputs: { x: { shape: [1, 'n'] } } }, 'inputs: x: "shape": expected a list of sizes, not [1,"n"]'],
    [{ inputs: { x: { omit: 1 } } }, 'inputs: x: "omit": expected true or false, not 1'],
  ]) {
    write(content);
    refuses(() => readInputSpec('', file), typeof message === 'string' ? `${file}: ${message}` : message);
  }
});

// What is written to stderr while `body` runs.
function said(body) {
  const write = process.stderr.write;
  let text = '';
  process.stderr.write = (piece) => { text += piece; return true; };
  try {
    body();
  } finally {
    process.stderr.write = write;
  }
  return text;
}

test('names that the model does not have', () => {
  const spec = { file: 'm.inputs.json', dims: { batch: 2, sequence: 3 }, inputs: { ids: {}, mask: {} } };
  assert.equal(said(() => warnOfUnknown(spec, { batch: 4 }, ['ids', 'mask'], ['batch', 'sequence'])), '');
  const odd = { ...spec, dims: { bach: 2 }, inputs: { idz: { low: 0 }, 'ma\nsk': {} } };
  assert.equal(said(() => warnOfUnknown(odd, { sequense: 3 }, ['ids', 'mask'], ['batch', 'sequence'])), [
    "warning: m.inputs.json: inputs: the model has no input 'idz'; did you mean 'ids'?\n", "warning: m.inputs.json: inputs: the model has no input 'ma sk'; did you mean 'mask'?\n",
    "warning: m.inputs.json: dims: the model has no dimension 'bach'; did you mean 'batch'?\n", "warning: --dim=sequense=3: the model has no dimension 'sequense'; did you mean 'sequence'?\n"].join(''));
  assert.equal(said(() => warnOfUnknown(odd, {}, ['ids', 'mask'], ['batch', 'sequence'])), '', 'said once');
  assert.equal(said(() => warnOfUnknown({ dims: {}, inputs: {} }, { n: 3 }, ['x'], [])), "warning: --dim=n=3: the model has no dimension 'n' (there are none)\n");
});

test('a folder of tensors', () => {
  const folder = path.join(scratch, 'feeds');
  fs.mkdirSync(folder);
  const index = path.join(folder, 'index.json');
  fs.writeFileSync(path.join(folder, 'x.bin'), Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer));
  fs.writeFileSync(path.join(folder, 's.json'), JSON.stringify(['a', 'b']));
  const x = { name: 'x', type: 'float32', dims: [2, 3], file: 'x.bin' }, s = { name: 's', type: 'string', dims: [2], file: 's.json' };
  const metaX = { name: 'x', type: 'float32', shape: ['n', 3] }, metaS = { name: 's', type: 'string', shape: [-1] };
  const read = (entries, metadata = [metaX]) => {
    fs.writeFileSync(index, typeof entries === 'string' ? entries : JSON.stringify(entries));
    return readInputs(folder, metadata);
  };
  assert.deepEqual(read([s, x], [metaX, metaS]), [
    { name: 'x', type: 'float32', dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }, { name: 's', type: 'string', dims: [2], data: ['a', 'b'] }]);
  assert.deepEqual(read([], [{ name: 'y', isTensor: false, optional: true }]), []);
  assert.equal(said(() => read([s, x])), `warning: ${index}: the model has no input 's'; did you mean 'x'?\n`);
  assert.equal(said(() => readInputs(folder, [metaX], ['s'])), '', 'an input that the plan fixed');

  refuses(() => readInputs(path.join(scratch, 'no-folder'), []), /no-folder\/index\.json: ENOENT/);
  for (const bad of ['{}', '[1]', '[null]']) refuses(() => read(bad), `${index}: expected a list of {name, type, dims, file}`);
  refuses(() => read([s]), `${index}: there is no input x`);
  refuses(() => read([{ ...x, type: 'int32' }]), `${index}: input x is int32[2,3], the model takes float32[n,3]`);
  refuses(() => read([{ ...x, type: 'float7' }]), `${index}: input x: no tensor can hold elements of type float7`);
  refuses(() => read([{ ...x, dims: [3, 2] }]), `${index}: input x is float32[3,2], the model takes float32[n,3]`);
  refuses(() => read([{ ...x, dims: [6] }]), `${index}: input x is float32[6], the model takes float32[n,3]`);
  for (const dims of [undefined, [-2, -3], [2.5, 3], ['2', 3]]) refuses(() => read([{ ...x, dims }]), `${index}: input x: dims: expected a list of sizes`);
  refuses(() => read([{ ...x, dims: [3, 3] }]), `${path.join(folder, 'x.bin')}: 24 bytes do not hold float32[3,3]`);
  refuses(() => read([{ ...x, file: 'y.bin' }]), /y\.bin: ENOENT/);
  refuses(() => read([x], [{ name: 'x', isTensor: false }]), `${index}: input x is float32[2,3], the model takes no tensor`);
  refuses(() => read([{ ...s, dims: [3] }], [metaS]), `${path.join(folder, 's.json')}: expected a list of 3 texts`);
  refuses(() => read([{ ...s, file: 'x.bin' }], [metaS]), /x\.bin: /);
  refuses(() => read([{ ...s, dims: [1, 2] }], [metaS]), `${index}: input s is string[1,2], the model takes string[?]`);
});

test('shapes of more elements than there can be', () => {
  for (const shape of [[2 ** 40], [2 ** 20, 2 ** 20], [2 ** 53 - 1, 2 ** 53 - 1]]) {
    refuses(() => makeInputs([{ name: 'x', type: 'float32', shape }], { dims: {}, inputs: {} }, 1, 0), /input x of the shape .* would have/);
    refuses(() => makeInputs([{ name: 'x', type: 'float32', shape: ['n'] }], { dims: {}, inputs: { x: { shape } } }, 1, 0), /input x of the shape/);
  }
});
