// A worker process: holds the sessions of one device and runs their parts, one after the other, as it is told.
//
// Requests come over the channel to the parent, tensors through shared memory (descriptor 3). A tensor that several
// parts of this device take is fetched once; one that only this device takes never leaves the process.
import { loadRuntime } from './onnxruntime.mjs';
import { readRegion, writeRegion } from './shared_memory.mjs';
import { canTravel, fromBytes, toBytes, withTypeNames } from './tensors.mjs';

const MEMORY = 3;

// Ends with its parent, and lets the parent decide what an interrupt from the terminal means.
process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

const ort = loadRuntime();
const parts = new Map();
const held = new Map();
const buffers = new Map();

// All processes of a machine share this clock; microseconds.
const now = () => Number(process.hrtime.bigint() / 10n) / 100;

async function load({ part, file, options }) {
  let session;
  try {
    session = await ort.InferenceSession.create(file, options);
  } catch (error) {
    throw new Error(withTypeNames(error.message));
  }
  parts.set(part, session);
  const plain = ({ name, isTensor, type, shape }) => ({ name, isTensor, type, shape });
  return { inputs: session.inputMetadata.map(plain), outputs: session.outputMetadata.map(plain) };
}

// Memory for what is read from a region. A region gets new content only when nobody needs the old one any more, so its
// buffer can be used again: fresh memory costs more than the copy.
function bufferFor(region, size) {
  let buffer = buffers.get(region);
  if (buffer?.length !== size) buffers.set(region, buffer = Buffer.from(new ArrayBuffer(size)));
  return buffer;
}

function fetch({ key, type, dims, bytes, region, uses }) {
  const kept = held.get(key);
  if (kept) {
    if (--kept.uses <= 0) held.delete(key);
    return kept.tensor;
  }
  const tensor = new ort.Tensor(type, fromBytes(type, readRegion(MEMORY, region, bytes, bufferFor(region, bytes))), dims);
  if (uses > 1) held.set(key, { tensor, uses: uses - 1 });
  return tensor;
}

async function run({ part, inputs, outputs }) {
  const session = parts.get(part);
  const start = now();
  const feeds = {};
  for (const input of inputs) feeds[input.name] = fetch(input);
  const fed = now();
  const results = await session.run(feeds, outputs.map(({ name }) => name));
  const ran = now();
  const written = outputs.map(({ name, key, region, uses }) => {
    const tensor = results[name];
    if (!tensor || !canTravel(tensor.type)) throw new Error(`output ${name} is no tensor that can be passed on`);
    let bytes = 0;
    if (region !== undefined) {
      const data = toBytes(tensor);
      writeRegion(MEMORY, region, data);
      bytes = data.length;
    }
    if (uses > 0) held.set(key, { tensor, uses });
    return { type: tensor.type, dims: [...tensor.dims].map(Number), bytes };
  });
  return { outputs: written, times: [start, fed, ran, now()] };
}

async function endProfiling({ part }) {
  parts.get(part).endProfiling();
}

const operations = { load, run, endProfiling };

// One at a time, in the order in which they were asked for.
let turn = Promise.resolve();
process.on('message', ({ id, operation, ...request }) => {
  turn = turn.then(async () => {
    let answer;
    try {
      answer = { id, result: (await operations[operation](request)) ?? {} };
    } catch (error) {
      answer = { id, error: error.message };
    }
    if (process.connected) process.send(answer);
  });
});
