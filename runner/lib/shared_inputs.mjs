// Inputs where every worker can read them.
import { writeRegion } from './shared_memory.mjs';
import { toBytes } from './tensors.mjs';

/** Writes sets of inputs into the workers' memory: [Map name -> {type, dims, bytes, region}]. */
export function shareInputs(workers, sets) {
  return sets.map((set) => new Map(set.map(({ name, type, dims, data }) => {
    const bytes = toBytes({ type, data });
    const region = workers.newRegion();
    writeRegion(workers.memory, region, bytes);
    return [name, { type, dims, bytes: bytes.length, region }];
  })));
}
