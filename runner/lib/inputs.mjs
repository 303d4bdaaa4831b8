// Seeded inputs for a model, the same on every machine.
//
// A side file NAME.inputs.json beside NAME.onnx may say what is valid input:
//   {"dims":   {"batch": 2},                            sizes of symbolic dimensions
//    "inputs": {"ids":  {"low": 0, "high": 1000},       integers in [low, high)
//               "mask": {"value": 1},                   every element
//               "rate": {"values": [16000]},            these, repeated
//               "x":    {"shape": [1, 3, 32, 32], "scale": 0.5, "mean": 0},
//               "y":    {"omit": true}}}                optional, not given
import fs from 'node:fs';
import { oneLine, UserError } from './errors.mjs';
import { suggestion } from './nearest_name.mjs';
import { readInput } from './read_input.mjs';
import { arrayOf, describe, fromBytes, toHalf } from './tensors.mjs';
import { warn } from './text_output.mjs';

/** Uniform numbers in [0, 1) by mulberry32, seeded by a number and a name (FNV-1a). */
export function randomNumbers(seed, name) {
  let state = (2166136261 ^ Math.imul(seed >>> 0, 0x9e3779b1)) >>> 0;
  for (const byte of Buffer.from(name)) state = Math.imul(state ^ byte, 16777619) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The JSON in `file`. Throws UserError. */
export function readJson(file) {
  try {
    return JSON.parse(readInput(file).toString('utf8'));
  } catch (error) {
    throw new UserError(`${file}: ${error.message}`);
  }
}

/** The side file of a model, with its path as `file` ({dims: {}, inputs: {}} if it has none), or `given`, which must exist. */
export function readInputSpec(modelPath, given) {
  const file = given ?? modelPath.replace(/\.onnx$/, '') + '.inputs.json';
  if (!given && !fs.existsSync(file)) return { dims: {}, inputs: {} };
  const spec = readJson(file);
  const wrong = (what) => { throw new UserError(`${file}: ${what}`); };
  if (!isObject(spec)) wrong('expected an object with "dims" and "inputs"');
  const { dims = {}, inputs = {}, ...others } = spec;
  if (!isObject(dims) || !isObject(inputs)) wrong('expected an object with "dims" and "inputs"');
  if (Object.keys(others).length > 0) wrong(`unknown key "${Object.keys(others)[0]}"; there are "dims" and "inputs"`);
  for (const [name, size] of Object.entries(dims)) if (!isSize(size)) wrong(`dims: ${name}: expected a size, not ${JSON.stringify(size)}`);
  for (const [name, rule] of Object.entries(inputs)) checkRule(rule, (what) => wrong(`inputs: ${name}: ${what}`));
  return { file, dims, inputs };
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const isSize = (value) => Number.isSafeInteger(value) && value >= 0;
const isNumber = (value) => Number.isFinite(value);
const isElement = (value) => ['number', 'string', 'boolean'].includes(typeof value);

// What each key of a rule may hold.
const RULE = {
  low: [Number.isSafeInteger, 'an integer'], high: [Number.isSafeInteger, 'an integer'], scale: [isNumber, 'a number'], mean: [isNumber, 'a number'],
  value: [isElement, 'a number, text or truth value'], values: [(list) => Array.isArray(list) && list.length > 0 && list.every(isElement), 'a list of numbers, texts or truth values'],
  shape: [(list) => Array.isArray(list) && list.every(isSize), 'a list of sizes'], omit: [(value) => typeof value === 'boolean', 'true or false'],
};

function checkRule(rule, wrong) {
  if (!isObject(rule)) wrong('expected an object');
  for (const [key, value] of Object.entries(rule)) {
    if (!Object.hasOwn(RULE, key)) wrong(`unknown key "${key}"; there are ${Object.keys(RULE).join(', ')}`);
    const [holds, expected] = RULE[key];
    if (!holds(value)) wrong(`"${key}": expected ${expected}, not ${JSON.stringify(value)}`);
  }
}

// In elements; more are a mistake, or would have to come from files.
const MOST_ELEMENTS = 2 ** 31;

function checkCount(name, dims, count) {
  if (count <= MOST_ELEMENTS) return;
  throw new UserError(`input ${name} of the shape ${JSON.stringify(dims)} would have ${count} elements, more than ${MOST_ELEMENTS}; give smaller sizes in the side file or by --dim`);
}

const WORDS = ['alpha', 'beta', 'Monday', 'tuesday', 'the', 'graph', ''];

/**
 * One input as {name, type, dims, data}. `shape` has numbers, names of `sizes`, or anything else for a dimension of
 * which nothing is known, which gets `defaultDim`. Throws UserError for element types that have no values here.
 */
export function makeInput({ name, type, shape }, rule, sizes, defaultDim, seed) {
  const dims = rule.shape ?? shape.map((dim) => (typeof dim === 'number' && dim >= 0 ? dim : sizes[dim] ?? defaultDim));
  const count = dims.reduce((product, dim) => product * dim, 1);
  checkCount(name, dims, count);
  const next = randomNumbers(seed, name);
  const fixed = rule.values ?? (rule.value !== undefined ? [rule.value] : null);
  const whole = type === 'uint8' ? [0, 256] : type === 'int8' ? [-128, 128] : [0, 8];
  const low = rule.low ?? whole[0], high = Math.max(rule.high ?? whole[1], low + 1), scale = rule.scale ?? 1, shift = rule.mean ?? 0;
  // The sum of four uniform numbers has variance 1/3: near enough to normal, and exact on every machine.
  const real = (i) => (fixed ? Number(fixed[i % fixed.length]) : (next() + next() + next() + next() - 2) * 1.7320508075688772 * scale + shift);
  const integer = (i) => (fixed ? Math.trunc(Number(fixed[i % fixed.length])) : low + Math.floor(next() * (high - low)));
  let value;
  if (type === 'float32' || type === 'float64') value = real;
  else if (type === 'float16') value = (i) => toHalf(real(i));
  else if (type === 'bool') value = (i) => (fixed ? Number(Boolean(fixed[i % fixed.length])) : Math.floor(next() * 2));
  else if (type === 'string') value = (i) => (fixed ? String(fixed[i % fixed.length]) : WORDS[Math.floor(next() * WORDS.length)]);
  else if (type === 'int64' || type === 'uint64') value = (i) => BigInt(integer(i));
  else if (arrayOf(type)) value = integer;
  else throw new UserError(`input ${name}: no values can be made for type ${type}`);
  const data = type === 'string' ? Array.from({ length: count }, (_, i) => value(i)) : new (arrayOf(type))(count);
  if (type !== 'string') for (let i = 0; i < count; ++i) data[i] = value(i);
  return { name, type, dims, data };
}

/**
 * Warns of names in a side file that are no input, and of sizes (its own, or `dims` of the command line) for what is no
 * dimension: they are misspelt, and random values would stand in for what was meant.
 */
export function warnOfUnknown(spec, dims, inputs, symbols) {
  const unknown = (names, known) => Object.keys(names).filter((name) => !known.includes(name));
  for (const name of unknown(spec.inputs, inputs)) warn(oneLine(`${spec.file}: inputs: the model has no input '${name}'${suggestion(name, inputs)}`));
  for (const name of unknown(spec.dims, symbols)) warn(oneLine(`${spec.file}: dims: the model has no dimension '${name}'${suggestion(name, symbols)}`));
  for (const name of unknown(dims, [...symbols, ...Object.keys(spec.dims)])) warn(oneLine(`--dim=${name}=${dims[name]}: the model has no dimension '${name}'${suggestion(name, symbols)}`));
}

/** All inputs for session metadata [{name, isTensor, type, shape}], but those that the side file omits. */
export function makeInputs(metadata, spec, defaultDim, seed) {
  const tensors = [];
  for (const meta of metadata) {
    if (spec.inputs[meta.name]?.omit) continue;
    if (meta.isTensor === false) throw new UserError(`input ${meta.name} is no tensor; ONNX Runtime for Node.js passes tensors only`);
    tensors.push(makeInput(meta, spec.inputs[meta.name] ?? {}, spec.dims, defaultDim, seed));
  }
  return tensors;
}

/**
 * Inputs from a folder: index.json [{name, type, dims, file}] beside raw little-endian files (JSON lists for strings).
 * Checked against session metadata: names, types, and every dimension that the model fixes. Only optional inputs may be
 * missing; what is no input, nor one of `others`, is a warning. Throws UserError.
 */
export function readInputs(folder, metadata, others = []) {
  const index = readJson(`${folder}/index.json`);
  if (!Array.isArray(index) || !index.every(isObject)) throw new UserError(`${folder}/index.json: expected a list of {name, type, dims, file}`);
  const tensors = [];
  for (const meta of metadata) {
    const entry = index.find((candidate) => candidate.name === meta.name);
    if (!entry && meta.optional) continue;
    if (!entry) throw new UserError(`${folder}/index.json: there is no input ${meta.name}`);
    if (!arrayOf(entry.type) && entry.type !== 'string') throw new UserError(`${folder}/index.json: input ${meta.name}: no tensor can hold elements of type ${entry.type}`);
    if (!Array.isArray(entry.dims) || !entry.dims.every(isSize)) throw new UserError(`${folder}/index.json: input ${meta.name}: dims: expected a list of sizes`);
    const fits = meta.isTensor !== false && entry.type === meta.type && entry.dims.length === meta.shape.length &&
      meta.shape.every((dim, i) => typeof dim !== 'number' || dim < 0 || dim === entry.dims[i]);
    const wanted = () => (meta.isTensor === false ? 'no tensor' : describe({ type: meta.type, dims: meta.shape.map((dim) => (dim === '' || dim < 0 ? '?' : dim)) }));
    if (!fits) throw new UserError(`${folder}/index.json: input ${meta.name} is ${describe(entry)}, the model takes ${wanted()}`);
    tensors.push({ name: meta.name, type: entry.type, dims: entry.dims, data: readData(`${folder}/${entry.file}`, entry) });
  }
  const known = [...metadata.map(({ name }) => name), ...others];
  for (const { name } of index) if (!known.includes(name)) warn(oneLine(`${folder}/index.json: the model has no input '${name}'${suggestion(String(name), known)}`));
  return tensors;
}

function readData(file, { type, dims }) {
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (type === 'string') {
    const data = readJson(file);
    if (!Array.isArray(data) || data.length !== count || !data.every((text) => typeof text === 'string')) throw new UserError(`${file}: expected a list of ${count} texts`);
    return data;
  }
  let raw;
  try {
    raw = readInput(file);
  } catch (error) {
    throw new UserError(`${file}: ${error.message}`);
  }
  if (raw.length !== count * arrayOf(type).BYTES_PER_ELEMENT) throw new UserError(`${file}: ${raw.length} bytes do not hold ${describe({ type, dims })}`);
  return fromBytes(type, Buffer.from(new Uint8Array(raw).buffer));
}
