// Tensors as bytes, and comparing them.

const ARRAYS = {
  float32: Float32Array, float64: Float64Array, float16: Uint16Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array,
  uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array, bool: Uint8Array,
};
const FLOATS = new Set(['float32', 'float64', 'float16']);

/** Whether tensors of this element type can pass between workers. */
export const canTravel = (type) => type === 'string' || type in ARRAYS;

/** The typed array that holds elements of `type`. */
export const arrayOf = (type) => ARRAYS[type];

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

const scratch = new DataView(new ArrayBuffer(4));

/** Nearest float16, ties to even, as its 16 bits. */
export function toHalf(value) {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000, exponent = (bits >>> 23) & 255, fraction = bits & 0x7fffff;
  if (exponent === 255) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  if (exponent >= 143) return sign | 0x7c00;
  // Below the least normal number the leading 1 becomes explicit.
  const shift = exponent >= 113 ? 13 : 126 - exponent;
  if (shift > 24) return sign;
  const whole = exponent >= 113 ? ((exponent - 112) << 23) | fraction : 0x800000 | fraction;
  const kept = Math.floor(whole / 2 ** shift), rest = whole - kept * 2 ** shift, half = 2 ** (shift - 1);
  return sign | (kept + (rest > half || (rest === half && (kept & 1)) ? 1 : 0));
}

/** The value of a float16 given as its 16 bits. */
export function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >>> 10) & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/**
 * How `got` differs from `want`, both {type, dims, data}: null if they are equal (bit for bit if tolerance is 0, else
 * |got - want| <= tolerance * (1 + |want|) for floats), or a text that names the first element. `worst` receives the
 * largest relative-or-absolute difference seen, in units of 1 + |want|.
 */
export function difference(got, want, tolerance, worst = { value: 0 }) {
  if (got.type !== want.type || [...got.dims].join() !== [...want.dims].join()) {
    return `${describe(got)} instead of ${describe(want)}`;
  }
  if (got.type !== 'string' && toBytes(got).equals(toBytes(want))) return null;
  const half = got.type === 'float16', number = half ? fromHalf : (value) => value;
  const slack = FLOATS.has(got.type) ? tolerance : 0;
  let first = null;
  for (let i = 0; i < want.data.length; ++i) {
    if (got.data[i] === want.data[i]) continue;
    const x = number(got.data[i]), y = number(want.data[i]);
    if (slack > 0 && Number.isNaN(x) && Number.isNaN(y)) continue;
    const off = slack > 0 ? (x === y ? 0 : Math.abs(x - y) / (1 + Math.abs(y))) : Infinity;
    if (Number.isFinite(off) && off > worst.value) worst.value = off;
    if (!(off <= slack) && first === null) first = `element ${i} is ${x} instead of ${y}`;
  }
  return first;
}
