// Runs the parts of a manifest in ONNX Runtime, one after the other, and the model they come from on the same
// seeded inputs. Also loads the annotated model with the manifest's session options.
import fs from 'node:fs';
import path from 'node:path';
import { loadRuntime } from '../../runner/lib/onnxruntime.mjs';

const ort = loadRuntime();

// The same numbers on every machine: xorshift of the tensor's name.
function numbers(name) {
  let state = 2463534242;
  for (const c of name) state = (Math.imul(state, 31) + c.codePointAt(0)) >>> 0 || 1;
  return () => {
    state ^= state << 13; state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5; state >>>= 0;
    return state / 4294967296;
  };
}

export function makeInput(meta, sizes) {
  const dims = meta.shape.map((d) => (typeof d === 'number' ? d : sizes[d] ?? 2));
  const count = dims.reduce((a, b) => a * b, 1);
  const next = numbers(meta.name);
  switch (meta.type) {
    case 'float32': return new ort.Tensor('float32', Float32Array.from({ length: count }, () => next() * 4 - 2), dims);
    case 'int64': return new ort.Tensor('int64', BigInt64Array.from({ length: count }, () => BigInt(Math.floor(next() * 8))), dims);
    case 'bool': return new ort.Tensor('bool', Uint8Array.from({ length: count }, () => (next() < 0.5 ? 0 : 1)), dims);
    default: throw new Error(`input ${meta.name}: no values for type ${meta.type}`);
  }
}

function differs(a, b) {
  if (!a || !b) return 'missing';
  if (a.type !== b.type || a.dims.join() !== b.dims.join()) return `${a.type}[${a.dims}] instead of ${b.type}[${b.dims}]`;
  for (let i = 0; i < b.data.length; ++i) if (!Object.is(a.data[i], b.data[i])) return `element ${i}: ${a.data[i]} instead of ${b.data[i]}`;
  return null;
}

const options = { executionProviders: ['cpu'], graphOptimizationLevel: 'disabled', intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };

// Returns null if all outputs are bitwise equal, else what is wrong.
export async function checkFolder(model, folder, sizes = { seq: 5 }) {
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
  if (path.resolve(folder, manifest.model) !== path.resolve(model)) return `manifest names the model ${manifest.model}`;

  const whole = await ort.InferenceSession.create(model, options);
  const values = {};
  for (const meta of whole.inputMetadata) values[meta.name] = makeInput(meta, sizes);
  const feeds = { ...values };
  const expected = await whole.run(feeds);
  await whole.release();

  const waiting = [...manifest.parts];
  while (waiting.length > 0) {
    const index = waiting.findIndex((part) => part.inputs.every((name) => name in values));
    if (index < 0) return `parts wait for each other: ${waiting.map((part) => part.id)}`;
    const [part] = waiting.splice(index, 1);
    const session = await ort.InferenceSession.create(path.join(folder, part.file), options);
    const results = await session.run(Object.fromEntries(part.inputs.map((name) => [name, values[name]])));
    for (const name of part.outputs) {
      if (!(name in results)) return `${part.file} does not give ${name}`;
      values[name] = results[name];
    }
    await session.release();
  }
  for (const name of manifest.outputs) {
    const why = differs(values[name], expected[name]);
    if (why) return `output ${name}: ${why}`;
  }

  const annotated = await ort.InferenceSession.create(path.join(folder, 'model.annotated.onnx'), {
    ...options, logSeverityLevel: 4, extra: manifest.onnxruntime?.session_options ?? {},
  });
  const again = await annotated.run(feeds);
  await annotated.release();
  for (const name of manifest.outputs) {
    const why = differs(again[name], expected[name]);
    if (why) return `annotated model, output ${name}: ${why}`;
  }
  return null;
}
