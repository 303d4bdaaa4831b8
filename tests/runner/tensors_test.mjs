// Float16, tensors as bytes, and comparing them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { canTravel, describe, difference, fromBytes, fromHalf, toBytes, toHalf } from '../../runner/lib/tensors.mjs';

test('every float16 becomes itself again', () => {
  for (let bits = 0; bits < 65536; ++bits) {
    const value = fromHalf(bits);
    if (Number.isNaN(value)) assert.equal(toHalf(value) & 0x7e00, 0x7e00);
    else if (toHalf(value) !== bits) assert.fail(`${bits} is ${value}, which becomes ${toHalf(value)}`);
  }
});

test('values of float16', () => {
  const known = { 0x0000: 0, 0x0001: 2 ** -24, 0x03ff: 1023 * 2 ** -24, 0x0400: 2 ** -14, 0x3555: 0.333251953125, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x7c00: Infinity, 0xfc00: -Infinity };
  for (const [bits, value] of Object.entries(known)) assert.equal(fromHalf(Number(bits)), value);
  assert.ok(Object.is(fromHalf(0x8000), -0));
  assert.ok(Number.isNaN(fromHalf(0x7c01)));
});

test('rounding to float16 is to the nearest, ties to even', () => {
  // Between each two neighbours: the middle goes to the even one, whatever lies beside it to the nearer one.
  for (let bits = 0; bits < 0x7bff; ++bits) {
    const low = fromHalf(bits), high = fromHalf(bits + 1), middle = (low + high) / 2, even = bits & 1 ? bits + 1 : bits;
    const step = middle * 2 ** -50;
    for (const [value, want] of [[middle, even], [middle - step, bits], [middle + step, bits + 1], [-middle, even | 0x8000]]) {
      if (toHalf(value) !== want) assert.fail(`${value} becomes ${toHalf(value)} instead of ${want}`);
    }
  }
  assert.equal(toHalf(65519.99), 0x7bff);
  assert.equal(toHalf(65520), 0x7c00);
  assert.equal(toHalf(-1e300), 0xfc00);
  assert.equal(toHalf(2 ** -25), 0);
  assert.equal(toHalf(2 ** -25 * 1.0000001), 1);
  assert.equal(toHalf(-1e-300), 0x8000);
  assert.equal(toHalf(-0), 0x8000);
  assert.equal(toHalf(5e-324), 0);
});

const tensor = (type, data, dims = [data.length]) => ({ type, dims, data });
const floats = (...values) => tensor('float32', Float32Array.from(values));

test('bytes there and back', () => {
  for (const [type, data] of [['float32', Float32Array.of(1, -0, NaN)], ['int64', BigInt64Array.of(-1n, 2n ** 62n)], ['bool', Uint8Array.of(0, 1)], ['float64', new Float64Array(0)], ['uint16', Uint16Array.of(65535)]]) {
    const bytes = toBytes({ type, data });
    assert.equal(bytes.length, data.byteLength);
    assert.deepEqual(fromBytes(type, Buffer.from(new Uint8Array(bytes).buffer)), data);
  }
  const part = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
  assert.equal(toBytes({ type: 'float32', data: part }).length, 8);
  assert.deepEqual(fromBytes('string', toBytes({ type: 'string', data: ['a', '', 'ü\n"'] })), ['a', '', 'ü\n"']);
  assert.ok(canTravel('string') && canTravel('float16') && !canTravel('int4') && !canTravel('constructor'));
  assert.equal(describe({ type: 'float32', dims: [1, 3, 8] }), 'float32[1,3,8]');
});

test('differences bit for bit', () => {
  assert.equal(difference(floats(1, -0, NaN, Infinity), floats(1, -0, NaN, Infinity), 0), null);
  assert.equal(difference(floats(1, 2), floats(1, 2.5), 0), 'element 1 is 2 instead of 2.5');
  assert.equal(difference(floats(0), floats(-0), 0), 'element 0 is 0 instead of -0');
  assert.equal(difference(floats(1), floats(NaN), 0), 'element 0 is 1 instead of NaN (0x7fc00000)');
  const oddNaN = tensor('float32', new Float32Array(Uint32Array.of(0x7fc00001).buffer));
  assert.equal(difference(oddNaN, floats(NaN), 0), 'element 0 is NaN (0x7fc00001) instead of NaN (0x7fc00000)');
  assert.equal(difference(oddNaN, oddNaN, 0), null);
  // The first is named, with NaN that is equal before it.
  assert.equal(difference(floats(NaN, 3, 4), floats(NaN, 2, 5), 0), 'element 1 is 3 instead of 2');
  assert.equal(difference(tensor('float16', Uint16Array.of(0x3c00)), tensor('float16', Uint16Array.of(0x4000)), 0), 'element 0 is 1 instead of 2');
});

test('differences within a tolerance', () => {
  const worst = { value: 0 };
  assert.equal(difference(floats(1, 100), floats(1.5, 101), 0.3, worst), null);
  assert.ok(Math.abs(worst.value - 0.5 / 2.5) < 1e-12);
  assert.equal(difference(floats(1), floats(1.5), 0.1), 'element 0 is 1 instead of 1.5');
  assert.equal(difference(floats(NaN, -0), floats(NaN, 0), 1e-9), null);
  for (const [got, want] of [[NaN, 1], [1, NaN], [Infinity, 1], [1, Infinity], [-Infinity, Infinity]]) assert.match(difference(floats(got), floats(want), 1e9), /^element 0 is/);
  assert.equal(worst.value, 0.5 / 2.5);
  assert.equal(difference(tensor('float16', Uint16Array.of(0x3c01)), tensor('float16', Uint16Array.of(0x3c00)), 1e-3), null);
});

test('all but floats must be equal whatever the tolerance', () => {
  assert.equal(difference(tensor('int64', BigInt64Array.of(1n)), tensor('int64', BigInt64Array.of(2n)), 10), 'element 0 is 1 instead of 2');
  assert.equal(difference(tensor('uint8', Uint8Array.of(7, 8)), tensor('uint8', Uint8Array.of(7, 9)), 10), 'element 1 is 8 instead of 9');
  assert.equal(difference(tensor('string', ['a', 'b']), tensor('string', ['a', 'c']), 10), 'element 1 is "b" instead of "c"');
  assert.equal(difference(tensor('string', ['a']), tensor('string', ['a']), 0), null);
});

test('types and shapes must be equal', () => {
  assert.equal(difference(floats(1), tensor('float64', Float64Array.of(1)), 1), 'float32[1] instead of float64[1]');
  assert.equal(difference(floats(1, 2), tensor('float32', Float32Array.of(1, 2), [2, 1]), 1), 'float32[2] instead of float32[2,1]');
  assert.equal(difference(tensor('float32', new Float32Array(0), [0, 3]), tensor('float32', new Float32Array(0), [3, 0]), 0), 'float32[0,3] instead of float32[3,0]');
});
