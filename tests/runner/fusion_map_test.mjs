// Giving the kernels of an optimised model back to the nodes of the original.
import assert from 'node:assert/strict';
import test from 'node:test';
import { attributeTimes, clueShares, mapFusion } from '../../runner/lib/fusion_map.mjs';

// "name: Op a b -> c" as a node.
const parse = (text) => {
  const [, name, opType, inputs, outputs] = /^(.*?): (\S+)(.*)->(.*)$/.exec(text);
  const words = (list) => list.split(' ').filter((word) => word !== '').map((word) => (word === '-' ? '' : word));
  return { name, opType, domain: '', inputs: words(inputs), outputs: words(outputs), captures: [], hasBodies: false };
};
const graph = (inputs, outputs, initializers, ...nodes) => ({ inputs, outputs, initializers, nodes: nodes.map(parse) });

// "time status(into)" by label; `times` is that of each kernel.
function attribute(original, optimised, times) {
  const map = mapFusion(original, optimised);
  const rows = attributeTimes(original, map, times);
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  assert.equal(sum(rows.map(({ time }) => time)), sum(times), 'time was lost');
  const text = ({ time, status, into }) => (status === 'fused' ? `in ${rows[into].label}` : `${status} ${time}`);
  for (const row of rows) {
    if (row.status !== 'kernel') assert.equal(row.time, 0);
    if (row.status === 'fused') assert.equal(rows[row.into].status, 'kernel');
  }
  return { rows: Object.fromEntries(rows.map((row) => [row.label, text(row)])), clues: map.clues, map };
}

const CONV = graph(['x'], ['y'], ['w', 's'],
  'conv: Conv x w -> c', 'bn: BatchNormalization c s -> b', 'relu: Relu b -> r', 'pool: MaxPool r -> y');

test('(a) by the tensor that a kernel gives; what leads to it is fused', () => {
  const optimised = graph(['x'], ['y'], ['w2'], 'conv: FusedConv x w2 -> r', 'pool: MaxPool r -> y');
  const { rows, clues } = attribute(CONV, optimised, [5, 2]);
  assert.deepEqual(rows, { conv: 'in relu', bn: 'in relu', relu: 'kernel 5', pool: 'kernel 2' });
  assert.deepEqual(clues, ['output', 'output']);
});

test('(b) by the blocked layout of a tensor, (e) reorders by what they serve', () => {
  const { rows, clues, map } = attribute(CONV, graph(['x'], ['y'], ['w2'], 'ReorderInput: ReorderInput x -> t0',
    'r_nchwc: Conv t0 w2 -> t1', 'y_nchwc: MaxPool t1 -> t2', 'ReorderOutput: ReorderOutput t2 -> y'), [1, 5, 2, 4]);
  assert.deepEqual(rows, { conv: 'in relu', bn: 'in relu', relu: 'kernel 6', pool: 'kernel 6' });
  assert.deepEqual(clues, ['neighbour', 'form', 'form', 'output']);
  assert.deepEqual(clueShares(map, [1, 5, 2, 4]),
    { output: 4 / 12, form: 7 / 12, name: 0, prefix: 0, neighbour: 1 / 12 });
});

test('(b) by the float32 form of a float16 tensor', () => {
  const { rows, clues } = attribute(graph(['x'], ['y'], ['w'], ': MatMul x w -> m', ': Relu m -> r', ': Tanh r -> y'),
    graph(['x'], ['y'], ['w'], 'cast: Cast x -> InsertedPrecisionFreeCast_x',
      'fused: FusedGemm InsertedPrecisionFreeCast_x w -> InsertedPrecisionFreeCast_r',
      ': Tanh InsertedPrecisionFreeCast_r -> InsertedPrecisionFreeCast_y',
      'back: Cast InsertedPrecisionFreeCast_y -> y'),
    [1, 8, 2, 4]);
  assert.deepEqual(rows, { 'MatMul#0': 'in Relu#1', 'Relu#1': 'kernel 9', 'Tanh#2': 'kernel 6' });
  assert.deepEqual(clues, ['neighbour', 'form', 'form', 'output']);
});

test('(c) by the name of a node whose result has another name now', () => {
  const { rows, clues } = attribute(graph(['x'], ['y'], [], 'cat: Concat x x -> c', 'neg: Neg c -> y'),
    graph(['x'], ['y'], [], 'cat: Concat x x -> token', 'neg: Neg token -> y'), [3, 1]);
  assert.deepEqual(rows, { cat: 'kernel 3', neg: 'kernel 1' });
  assert.deepEqual(clues, ['name', 'output']);
});

test('(d) by a name that begins with that of a node, the longest of them', () => {
  const original = graph(['x'], ['y'], ['w'], '/l: Neg x -> n', '/l/mm: MatMul n w -> m', 'end: Neg m -> y');
  const { rows, clues } = attribute(original, graph(['x'], ['y'], ['w'],
    '/l: Neg x -> n', '/l/mm/Fusion: Gemm n w -> g', 'reshape: Reshape g -> g2', 'end: Neg g2 -> y'), [1, 7, 2, 1]);
  assert.deepEqual(rows, { '/l': 'kernel 1', '/l/mm': 'kernel 7', end: 'kernel 3' });
  assert.deepEqual(clues, ['output', 'prefix', 'neighbour', 'output']);
});

test('(e) by the producer where nothing consumes, and alone where nothing is in common', () => {
  const { rows, clues } = attribute(graph(['x'], ['y'], [], 'a: Neg x -> y'),
    graph(['x'], ['y'], [], 'a: Neg x -> y', 'copy: Copy y -> z', 'lone: Lone -> q'), [1, 2, 4]);
  assert.deepEqual(rows, { a: 'kernel 7' });
  assert.deepEqual(clues, ['output', 'neighbour', 'neighbour']);
});

test('constants that feed many kernels do not tie them together', () => {
  const original = graph(['x'], ['y'], ['k'],
    'half: Mul k k -> h', 'shift: Add h k -> s', 'a: Add x s -> a', 'b: Add a s -> y');
  const { rows } = attribute(original, graph(['x'], ['y'], ['s'], 'a: Add x s -> a', 'b: Add a s -> y'), [1, 2]);
  assert.deepEqual(rows, { half: 'folded 0', shift: 'folded 0', a: 'kernel 1', b: 'kernel 2' });
});

test('a chain that was folded into one weight is folded, under whatever name', () => {
  const original = graph(['x'], ['y'], ['k'], 'half: Mul k k -> h', 'shift: Add h k -> s', 'a: Add x s -> y');
  for (const name of ['s', 's_transposed']) {
    const { rows } = attribute(original, graph(['x'], ['y'], [name], `a: Add x ${name} -> y`), [1]);
    assert.deepEqual(rows, { half: 'folded 0', shift: 'folded 0', a: 'kernel 1' });
  }
});

test('a shape that became a weight is folded though it comes from an input', () => {
  const original = graph(['x'], ['y'], ['i'],
    'neg: Neg x -> n', 'shape: Shape n -> s', 'pick: Gather s i -> d', 'view: Reshape n d -> y');
  const { rows } = attribute(original,
    graph(['x'], ['y'], ['d'], 'neg: Neg x -> n', 'view: Reshape n d -> y'), [3, 1]);
  assert.deepEqual(rows, { neg: 'kernel 3', shape: 'folded 0', pick: 'folded 0', view: 'kernel 1' });
});

test('quantized weights that a kernel takes as they are belong to it', () => {
  const original = graph(['x'], ['y'], ['w8', 's'], 'dx: DequantizeLinear x s -> xf', 'dw: DequantizeLinear w8 s -> wf',
    'conv: Conv xf wf -> c', 'q: QuantizeLinear c s -> y');
  const { rows } = attribute(original, graph(['x'], ['y'], ['w8', 's'], 'conv: QLinearConv x s w8 s -> y'), [9]);
  assert.deepEqual(rows, { dx: 'in q', dw: 'in q', conv: 'in q', q: 'kernel 9' });
});

test('what was removed and served several kernels is folded, unless a kernel carries its name', () => {
  const original = graph(['x'], ['y', 'z'], [],
    'a: Neg x -> a', 'same: Identity a -> s', 'b: Neg s -> y', 'c: Abs s -> z');
  const optimised = graph(['x'], ['y', 'z'], [], 'a: Neg x -> a', 'b: Neg a -> y', 'c: Abs a -> z');
  const { rows } = attribute(original, optimised, [1, 2, 3]);
  assert.deepEqual(rows, { a: 'kernel 1', same: 'folded 0', b: 'kernel 2', c: 'kernel 3' });

  // The producer took the name of the identity's result: its own tensor is gone, its name tells.
  const moved = graph(['x'], ['s', 'z'], [], 'a: Neg x -> a', 'same: Identity a -> s', 'c: Abs a -> z');
  const after = attribute(moved, graph(['x'], ['s', 'z'], [], 'a: Neg x -> s', 'c: Abs s -> z'), [1, 3]);
  assert.deepEqual(after.rows, { a: 'in same', same: 'kernel 1', c: 'kernel 3' });
});

test('a kernel of several results belongs to the last one', () => {
  const { rows } = attribute(graph(['x'], ['n', 's'], ['b'], 'add: Add x b -> s', 'norm: LayerNormalization s b -> n'),
    graph(['x'], ['n', 's'], ['b'], 'skip: SkipLayerNormalization x b -> n - - s'), [6]);
  assert.deepEqual(rows, { add: 'in norm', norm: 'kernel 6' });
});

test('bodies use what they capture; dead nodes are folded', () => {
  const original = graph(['x', 'c'], ['y'], [], 'a: Neg x -> a', 'dead: Abs a -> q', 'if: If c -> y');
  original.nodes[2].captures = ['a'];
  const optimised = graph(['x', 'c'], ['y'], [], 'if: If c -> y');
  optimised.nodes[0].captures = ['x'];
  const { rows } = attribute(original, optimised, [4]);
  assert.deepEqual(rows, { a: 'in if', dead: 'folded 0', if: 'kernel 4' });
});

test('empty graphs and cycles do no harm', () => {
  const empty = graph([], [], []);
  assert.deepEqual(attribute(empty, empty, []).rows, {});
  assert.deepEqual(mapFusion(empty, graph([], [], [], 'a: A -> b')).anchors, [-1]);
  const cycle = graph([], [], [], 'a: A u -> v', 'b: B v -> u');
  assert.deepEqual(attribute(cycle, empty, []).rows, { a: 'folded 0', b: 'folded 0' });
});
