// Reading the graph of an ONNX file, damaged ones too.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { UserError } from '../../runner/lib/errors.mjs';
import { nodeLabel, readOnnxFile } from '../../runner/lib/onnx_file.mjs';
import { message, onnxModel } from './onnx_bytes.mjs';
import { makeScratch } from './scratch.mjs';

const file = path.join(makeScratch('onnx'), 'm.onnx');
const read = (bytes) => {
  fs.writeFileSync(file, bytes);
  return readOnnxFile(file);
};
const model = onnxModel({
  inputs: [['x', 2]], outputs: [['y', 2]], weights: [['w', 2, 50000]],
  nodes: [
    { name: 'first', op: 'Add', inputs: ['x', 'w'], outputs: ['t'] },
    {
      op: 'If', domain: 'some.domain', inputs: ['t', ''], outputs: ['y'],
      bodies: [
        {
          nodes: [{ op: 'Mul', inputs: ['x', 'k'], outputs: ['inner'] }],
          weights: [['k', 1]], outputs: [['inner', 2]],
        },
        {
          nodes: [{ op: 'If', inputs: ['c'], outputs: ['o'], bodies: [{ nodes: [], outputs: [['deep', 1]] }] }],
          outputs: [['o', 1]],
        },
      ],
    },
  ],
});

test('nodes, names and what bodies capture', () => {
  const graph = read(model);
  assert.deepEqual(graph.inputs, ['x']);
  assert.deepEqual(graph.outputs, ['y']);
  assert.deepEqual(graph.initializers, ['w']);
  assert.deepEqual(graph.nodes, [
    { name: 'first', opType: 'Add', domain: '', inputs: ['x', 'w'], outputs: ['t'], captures: [], hasBodies: false },
    {
      name: '', opType: 'If', domain: 'some.domain', inputs: ['t', ''], outputs: ['y'],
      captures: ['x', 'c', 'deep'], hasBodies: true,
    },
  ]);
  assert.deepEqual(graph.nodes.map(nodeLabel), ['first', 'If#1']);
});

test('every file that is cut off is an error', () => {
  let errors = 0;
  for (let length = 0; length < 300; ++length) {
    try {
      read(model.subarray(0, length));
    } catch (error) {
      assert.ok(error instanceof UserError, error.stack);
      assert.match(error.message, /m\.onnx: not a readable ONNX model: byte \d+: /);
      ++errors;
    }
  }
  assert.equal(errors, 300);
});

test('every damaged byte is a UserError or harmless', () => {
  const node = { name: 'a', op: 'Neg', inputs: ['x'], outputs: ['y'] };
  const small = onnxModel({ inputs: [['x', 2]], outputs: [['y', 2]], nodes: [node] });
  let errors = 0;
  for (let i = 0; i < small.length; ++i) {
    for (const bits of [0x01, 0x07, 0x80, 0xff]) {
      const bytes = Buffer.from(small);
      bytes[i] ^= bits;
      try {
        read(bytes);
      } catch (error) {
        assert.ok(error instanceof UserError, error.stack);
        ++errors;
      }
    }
  }
  assert.ok(errors > small.length, `only ${errors} of ${4 * small.length} were noticed`);
});

test('what is no model', () => {
  const wrong = (bytes, pattern) => assert.throws(() => read(bytes),
    (error) => error instanceof UserError && pattern.test(error.message));
  wrong(Buffer.alloc(0), /byte 0: no graph before the end/);
  wrong(Buffer.from([0x3a, 0x7f]), /byte 0: field 7 is longer than what it lies in/);
  wrong(Buffer.from([0x3b]), /byte 0: a field of the unknown kind 3/);
  wrong(Buffer.from([0x38, 1]), /field 7 is not a message/);
  wrong(Buffer.alloc(20, 0xff), /a number of more than 10 bytes/);
  wrong(Buffer.from([0x00, 0x00]), /a field of the number 0/);
  let deep = message(1, message(4, 'X'));
  for (let i = 0; i < 100; ++i) deep = message(1, message(5, message(6, deep)));
  wrong(message(7, deep), /nested more than 64 deep/);
  assert.throws(() => readOnnxFile(path.dirname(file)), /cannot be read/);
  assert.throws(() => readOnnxFile(file + '.absent'), /m\.onnx\.absent: there is no such file/);
});
