// Who makes and takes what, and the statistics of times.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeDataflow, transfers, turnsOf } from '../../runner/lib/dataflow.mjs';
import { mean, median, quantile, spread, summarise } from '../../runner/lib/statistics.mjs';

test('what travels', () => {
  const flow = makeDataflow({
    inputs: ['x'], outputs: ['y', 'x'],
    parts: [
      { id: 'p0', device: 'a', inputs: ['x'], outputs: ['s', 't', 'u'] },
      { id: 'p1', device: 'a', inputs: ['s', 't'], outputs: ['v'] },
      { id: 'p2', device: 'b', inputs: ['t', 'v'], outputs: ['w'] },
      { id: 'p3', device: 'b', inputs: ['t', 'w', 'x'], outputs: ['y'] },
    ],
  });
  const of = (name) => { const { producer, takers, isOutput, usesOn, travels } = flow.lanes[0].tensors.get(name); return [producer, takers, isOutput, [...usesOn], travels]; };
  assert.deepEqual(of('x'), [-1, [0, 3], true, [['a', 1], ['b', 1]], true]);
  assert.deepEqual(of('s'), [0, [1], false, [['a', 1]], false]);
  assert.deepEqual(of('t'), [0, [1, 2, 3], false, [['a', 1], ['b', 2]], true]);
  assert.deepEqual(of('u'), [0, [], false, [], false]);
  assert.deepEqual(of('v'), [1, [2], false, [['b', 1]], true]);
  assert.deepEqual(of('w'), [2, [3], false, [['b', 1]], false]);
  assert.deepEqual(of('y'), [3, [], true, [], true]);
  assert.deepEqual(flow.parts.map((part) => part.order), [0, 1, 2, 3]);
  assert.deepEqual(transfers(flow), [{ tensor: 't', from: 'a', to: 'b' }, { tensor: 'v', from: 'a', to: 'b' }]);
});

test('lanes have parts and tensors of their own, and a device one session for a file', () => {
  const part = (id, device, file, inputs, outputs) => ({ id, device, file, inputs, outputs });
  const flow = makeDataflow({
    inputs: ['x'], outputs: ['y'], share: 2,
    parts: [part('p0', 'a', '0.onnx', ['x'], ['t']), part('p1', 'b', '1.onnx', ['t'], ['y'])],
    lanes: [{ share: 1, parts: [part('p2', 'a', '0.onnx', ['x'], ['t']), part('p3', 'a', '1.onnx', ['t'], ['y'])] }],
  });
  assert.deepEqual(flow.turns, [0, 1, 0]);
  assert.deepEqual(flow.parts.map(({ id, lane, order, session }) => [id, lane, order, session]),
    [['p0', 0, 0, 'p0'], ['p1', 0, 1, 'p1'], ['p2', 1, 0, 'p0'], ['p3', 1, 1, 'p3']]);
  assert.deepEqual(flow.lanes.map(({ parts }) => parts), [[0, 1], [2, 3]]);
  assert.deepEqual(flow.lanes.map(({ tensors }) => tensors.get('t').producer), [0, 2]);
  assert.deepEqual(flow.lanes.map(({ tensors }) => tensors.get('t').takers), [[1], [3]]);
  assert.deepEqual(flow.lanes.map(({ tensors }) => tensors.get('t').travels), [true, false]);
  assert.deepEqual(transfers(flow), [{ tensor: 't', from: 'a', to: 'b' }]);
});

test('turns are taken as often as shares say, and evenly', () => {
  assert.deepEqual(turnsOf([1]), [0]);
  assert.deepEqual(turnsOf([1, 1]), [0, 1]);
  assert.deepEqual(turnsOf([5, 1, 1]), [0, 0, 1, 0, 2, 0, 0]);
  for (const shares of [[3, 2], [9, 1], [33, 8, 5], [7, 7, 7, 1], [40, 13, 11]]) {
    const turns = turnsOf(shares), cycle = turns.length;
    shares.forEach((share, lane) => {
      assert.equal(turns.filter((turn) => turn === lane).length, share);
      // Up to any turn each has had its share, give or take less than one for each of the others.
      let had = 0;
      turns.forEach((turn, i) => {
        had += turn === lane ? 1 : 0;
        assert.ok(Math.abs(had - (share * (i + 1)) / cycle) < shares.length, `${shares}: lane ${lane} at turn ${i}`);
      });
    });
  }
});

test('quantiles are by nearest rank and leave the values alone', () => {
  const values = [5, 1, 4, 2, 3];
  assert.deepEqual([0, 0.2, 0.21, 0.5, 0.9, 1].map((q) => quantile(values, q)), [1, 1, 2, 3, 5, 5]);
  assert.deepEqual(values, [5, 1, 4, 2, 3]);
  assert.equal(quantile([10, 9], 0.5), 9);
  assert.equal(median([7]), 7);
  assert.equal(median([]), undefined);
  assert.equal(mean([1, 2, 6]), 3);
  assert.equal(mean([]), undefined);
  assert.equal(quantile([2, 10, 1], 1), 10);
});

test('spread and summary', () => {
  assert.equal(spread([1, 2, 3, 4]), (3 - 1) / 2);
  assert.equal(spread([5, 5, 5]), 0);
  assert.equal(spread([0, 0]), 0);
  const values = Array.from({ length: 100 }, (_, i) => i + 1);
  assert.deepEqual(summarise(values), { median: 50, p90: 90, p99: 99, max: 100, spread: 1 });
});
