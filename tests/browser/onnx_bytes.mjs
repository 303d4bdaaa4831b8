// Writes ONNX models for tests, from a description in plain data.

const varint = (value) => {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
};
export const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
export const message = (field, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
};

const real = (field, value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint(field * 8 + 5), bytes]);
};

const FLOAT = 1, FLOAT_ATTRIBUTE = 1, GRAPH_ATTRIBUTE = 5;

const vector = (field, [name, ...dims]) => message(field, message(1, name),
  message(2, message(1, number(1, FLOAT), message(2, ...dims.map((dim) => message(1, number(1, dim)))))));

const weight = ([name, ...dims]) => {
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 37) % 19 - 9) / 64);
  return message(5, ...dims.map((dim) => number(1, dim)), number(2, FLOAT), message(8, name),
    message(9, Buffer.from(data.buffer)));
};

const node = ({ name = '', op, domain, inputs, outputs, bodies = [], value }) => message(1,
  ...inputs.map((input) => message(1, input)), ...outputs.map((output) => message(2, output)),
  message(3, name), message(4, op),
  ...bodies.map((body, i) => message(5, message(1, `body${i}`), graph(6, body), number(20, GRAPH_ATTRIBUTE))),
  ...(value === undefined ? [] : [message(5, message(1, 'value_float'), real(2, value), number(20, FLOAT_ATTRIBUTE))]),
  ...(domain === undefined ? [] : [message(7, domain)]));

const graph = (field, { nodes, inputs = [], outputs = [], weights = [] }) => message(field,
  ...nodes.map(node), message(2, 'g'), ...weights.map(weight),
  ...inputs.map((input) => vector(11, input)), ...outputs.map((output) => vector(12, output)));

/** Bytes of a model {nodes, inputs, outputs, weights}; tensors are float32, given as [name, ...dims]. */
export const onnxModel = (description) => Buffer.concat([
  number(1, 8), graph(7, description), message(8, message(1, ''), number(2, 13))]);
