// Tensors as bytes, and comparing them.

const ARRAYS = {
  float32: Float32Array, float64: Float64Array, float16: Uint16Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array,
  uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array, bool: Uint8Array,
};
const FLOATS = new Set(['float32', 'float64', 'float16']);

/** Whether tensors of this element type can pass between workers. */
export const canTravel = (type) => type === 'string' || Object.hasOwn(ARRAYS, type);

// ONNX's numbers of the element types that cannot.
const OTHER_TYPES = new Map([[14, 'complex64'], [15, 'complex128'], [16, 'bfloat16'], [17, 'float8e4m3fn'], [18, 'float8e4m3fnuz'],
  [19, 'float8e5m2'], [20, 'float8e5m2fnuz'], [21, 'uint4'], [22, 'int4'], [23, 'float4e2m1'], [24, 'float8e8m0'], [25, 'uint2'], [26, 'int2']]);

/** What the runtime says of a model, with the names of element types in place of their numbers. */
export const withTypeNames = (text) => text.replace(/^Unsupported data type: (\d+)$/,
  (whole, number) => (OTHER_TYPES.has(Number(number)) ? `an input or output is ${OTHER_TYPES.get(Number(number))}, which onnxruntime-node has no numbers for; give the model a Cast there` : whole));

/** The typed array that holds elements of `type`. */
export const arrayOf = (type) => (Object.hasOwn(ARRAYS, type) ? ARRAYS[type] : undefined);

/** "float32[1,3,224,224]" */
export const describe = ({ type, dims }) => `${type}[${[...dims].join(',')}]`;

/** The bytes of a tensor's data, without a copy where it is numeric. Strings travel as JSON. */
export function toBytes(tensor) {
  if (tensor.type === 'string') return Buffer.from(JSON.stringify(tensor.data));
  return Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
}

/** The data of a tensor from bytes that start at a multiple of 8 in their buffer. */
export function fromBytes(type, bytes) {
  if (type === 'string') return JSON.parse(bytes.toString());
  const Kind = ARRAYS[type];
  return new Kind(bytes.buffer, bytes.byteOffset, bytes.byteLength / Kind.BYTES_PER_ELEMENT);
}

const scratch = new DataView(new ArrayBuffer(8));

/** Nearest float16 of any number, ties to even, as its 16 bits. */
export function toHalf(value) {
  scratch.setFloat64(0, value);
  const high = scratch.getUint32(0), sign = (high >>> 16) & 0x8000, size = Math.abs(value);
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  // In units of the last place, which below the least normal number no longer shrinks; the division is exact.
  const exponent = Math.max(-14, ((high >>> 20) & 2047) - 1023), units = size / 2 ** (exponent - 10);
  const kept = Math.floor(units), rest = units - kept;
  // A carry out of the fraction goes into the exponent, as it should.
  return sign | (((exponent + 14) << 10) + kept + (rest > 0.5 || (rest === 0.5 && (kept & 1)) ? 1 : 0));
}

/** The value of a float16 given as its 16 bits. */
export function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >>> 10) & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function bitsOf({ data }, i) {
  const size = data.BYTES_PER_ELEMENT, bytes = Buffer.from(data.buffer, data.byteOffset + i * size, size);
  return Buffer.from(bytes).reverse().toString('hex');
}

const show = (tensor, i, value) => (Number.isNaN(value) ? `NaN (0x${bitsOf(tensor, i)})` : Object.is(value, -0) ? '-0' : String(value));

/**
 * How `got` differs from `want`, both {type, dims, data}: null if they are equal (bit for bit if tolerance is 0, else
 * |got - want| <= tolerance * (1 + |want|) for floats, NaN being equal to NaN; all else must be equal), or a text that
 * names the first element. `worst` receives the largest finite |got - want| / (1 + |want|) of floats that was seen.
 */
export function difference(got, want, tolerance, worst = { value: 0 }) {
  if (got.type !== want.type || [...got.dims].join() !== [...want.dims].join()) {
    return `${describe(got)} instead of ${describe(want)}`;
  }
  if (got.type === 'string') {
    const i = want.data.findIndex((text, at) => got.data[at] !== text);
    return i < 0 ? null : `element ${i} is ${JSON.stringify(got.data[i])} instead of ${JSON.stringify(want.data[i])}`;
  }
  if (toBytes(got).equals(toBytes(want))) return null;
  const isFloat = FLOATS.has(got.type), number = got.type === 'float16' ? fromHalf : (value) => value;
  let first = null;
  for (let i = 0; i < want.data.length; ++i) {
    const x = number(got.data[i]), y = number(want.data[i]);
    if (Object.is(x, y) && !Number.isNaN(x)) continue;
    // What is left are unlike numbers, zeros of unlike sign, and NaN, of which there are many.
    if (isFloat) {
      const off = x === y ? 0 : Math.abs(x - y) / (1 + Math.abs(y));
      if (Number.isFinite(off) && off > worst.value) worst.value = off;
      const close = tolerance > 0 ? off <= tolerance || (Number.isNaN(x) && Number.isNaN(y)) : bitsOf(got, i) === bitsOf(want, i);
      if (close) continue;
    }
    first ??= `element ${i} is ${show(got, i, x)} instead of ${show(want, i, y)}`;
  }
  return first;
}
