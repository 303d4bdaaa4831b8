// Measures what parts cost besides their operators: launching one on a worker, and passing tensors between workers.
//
// Parts that copy a vector run on the real workers, so that the figures hold what the runner does: messages, writing to
// shared memory and reading from it.
import fs from 'node:fs';
import path from 'node:path';
import { sessionOptions } from './onnxruntime.mjs';
import { writeRegion } from './shared_memory.mjs';
import { median } from './statistics.mjs';
import { identityModel } from './tiny_model.mjs';
import { withWorkers } from './workers.mjs';

/** Tensor sizes that transfers are measured for, bytes. */
export const SIZES = [4096, 65536, 1 << 20, 4 << 20];

const WARMUP = 5, REPEATS = 50;
const IN_STREAM = 2;

/**
 * Measures on workers for `devices` ({id, runtime}). Resolves to
 *   launches: [{device, alone, streamed}]: the round trip of a part that computes nothing, and the time from one such
 *             part to the next when the worker always has another one waiting;
 *   transfers: [{device, to, bytes, time}] for `pairs` ([[from, to], ...]) and SIZES: writing and reading.
 * All in microseconds, medians.
 */
export function measurePool(devices, pairs, { level, folder, say }) {
  return withWorkers(devices, async (workers) => {
    const sizes = [4, ...SIZES];
    for (const size of sizes) {
      const file = path.join(folder, `identity-${size}.onnx`);
      fs.writeFileSync(file, identityModel(size / 4));
      for (const { id, runtime } of devices) {
        await workers.load(id, `identity-${size}`, file, sessionOptions(runtime, level));
      }
    }
    const region = new Map(sizes.map((size) => [size, [workers.newRegion(), workers.newRegion()]]));
    for (const [size, regions] of region) {
      for (const one of regions) writeRegion(workers.memory, one, Buffer.alloc(size));
    }
    const copy = (device, size, from, to) => workers.run(device, `identity-${size}`,
      [{ name: 'x', key: 'x', type: 'float32', dims: [size / 4], bytes: size, region: from, uses: 1 }],
      [{ name: 'y', key: 'y', region: to, uses: 0 }]);

    const launches = [];
    for (const { id } of devices) {
      say(`${id}: launching parts`);
      const [source] = region.get(4);
      const empty = () => copy(id, 4, source, undefined);
      const trips = [];
      for (let i = 0; i < WARMUP + REPEATS; ++i) {
        const begin = process.hrtime.bigint();
        await empty();
        trips.push(Number(process.hrtime.bigint() - begin) / 1000);
      }
      const gaps = await streamed(empty, REPEATS);
      launches.push({ device: id, alone: median(trips.slice(WARMUP)), streamed: median(gaps) });
    }
    const transfers = [];
    for (const [from, to] of pairs) {
      say(`${from} to ${to}: passing tensors`);
      for (const bytes of SIZES) {
        const [source, middle] = region.get(bytes);
        const times = [];
        for (let i = 0; i < WARMUP + REPEATS; ++i) {
          const { times: [, , ran, written] } = await copy(from, bytes, source, middle);
          const { times: [start, fed] } = await copy(to, bytes, middle, undefined);
          times.push(written - ran + fed - start);
        }
        transfers.push({ device: from, to, bytes, time: median(times.slice(WARMUP)) });
      }
    }
    return { launches, transfers };
  });
}

// The times from one start to the next on a worker that always has a next part at hand.
async function streamed(run, count) {
  const starts = [];
  let left = count + WARMUP;
  const lane = async () => { while (left-- > 0) starts.push((await run()).times[0]); };
  await Promise.all(Array.from({ length: IN_STREAM }, lane));
  starts.sort((a, b) => a - b);
  return starts.slice(WARMUP + 1).map((start, i) => start - starts[WARMUP + i]);
}
