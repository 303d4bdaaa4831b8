// The smallest ONNX models: one that moves data, and one of many operators that do next to nothing.

const varint = (value) => {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
};
const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
const message = (field, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
};

const FLOAT = 1;
const vector = (field, name, length) => message(field, message(1, name),
  message(2, message(1, number(1, FLOAT), message(2, message(1, number(1, length))))));

const model = (nodes, length) => Buffer.concat([number(1, 8),
  message(7, ...nodes, message(2, 'tiny'), vector(11, 'x', length), vector(12, 'y', length)),
  message(8, message(1, ''), number(2, 13))]);

/** The bytes of an ONNX model y = Identity(x), x being float32[length]. */
export function identityModel(length) {
  return model([message(1, message(1, 'x'), message(2, 'y'), message(3, 'identity'), message(4, 'Identity'))], length);
}

/** The bytes of an ONNX model that negates x, float32[1], `count` times. No runtime is known to shorten it. */
export function chainModel(count) {
  const tensor = (i) => (i === 0 ? 'x' : i === count ? 'y' : `t${i}`);
  return model(Array.from({ length: count }, (_, i) =>
    message(1, message(1, tensor(i)), message(2, tensor(i + 1)), message(3, `neg${i}`), message(4, 'Neg'))), 1);
}
