// Correcting measured costs by what the parts of a plan took when they ran.
//
// Operators are measured in a model that runs whole. In a part they may take longer: kernels are fused otherwise at a
// boundary, layouts change there, and devices that work at the same time share caches and memory. So what a part took
// beyond its operators' rows is told apart, by how it grows over the parts of a plan:
//   with the bytes that cross the part's boundary: writing, reading and laying out tensors, the cost of a transfer;
//   not at all: messages, the cost of launching a part;
//   with the operators: what is left, by which their rows are scaled, for each part by its own factor.
import { coreList } from './onnxruntime.mjs';
import { median } from './statistics.mjs';

/**
 * A text that is equal for devices on which an operator takes the same time: all of a device's description but its name,
 * its memory, and which cores or which of several equal accelerators it is.
 */
export function likeness(device) {
  const { name, memory, note, runtime = {}, ...rest } = device;
  return JSON.stringify({ ...rest, provider: runtime.provider, threads: runtime.threads, cores: coreList(runtime.cores).length });
}

// How long each run of a part of a pipeline or a single inference waited though its inputs and its device were ready.
function waits(flow, samples) {
  const result = new Map();
  const free = new Map();
  const all = samples.flatMap((sample) => sample.runs.map((run) => ({ ...run, sample }))).sort((a, b) => a.times[0] - b.times[0]);
  for (const { part: index, times, sample } of all) {
    const part = flow.parts[index];
    const ready = Math.max(sample.begin, ...part.inputs.map((name) => {
      const { producer } = flow.lanes[sample.lane].tensors.get(name);
      return producer < 0 ? 0 : sample.runs.find((run) => run.part === producer).times[3];
    }));
    const idle = Math.max(0, times[0] - Math.max(ready, free.get(part.device) ?? 0));
    if (!result.has(part.device)) result.set(part.device, []);
    result.get(part.device).push(idle);
    free.set(part.device, times[3]);
  }
  return result;
}

// The non-negative a and b for which a * x + b * y is nearest to z over all points [x, y, z] in least squares; a is 0 where
// it would be negative, and so is b.
function fitTwo(points) {
  const sum = (f) => points.reduce((total, point) => total + f(point), 0);
  const xx = sum(([x]) => x * x), yy = sum(([, y]) => y * y), xy = sum(([x, y]) => x * y);
  const xz = sum(([x, , z]) => x * z), yz = sum(([, y, z]) => y * z);
  const determinant = xx * yy - xy * xy;
  const alone = (self, both) => (self > 0 ? Math.max(0, both / self) : 0);
  // Points on a line through the origin tell only one of the two.
  if (determinant <= 1e-9 * xx * yy) return xx > 0 ? [alone(xx, xz), 0] : [0, alone(yy, yz)];
  const a = (xz * yy - yz * xy) / determinant, b = (yz * xx - xz * xy) / determinant;
  if (a < 0) return [0, alone(yy, yz)];
  return b < 0 ? [alone(xx, xz), 0] : [a, b];
}

// A boundary's share of what parts compute beyond their rows shows only if it can be told from that of the operators.
const ENOUGH_PARTS = 4;

/**
 * What parts on devices that are alike cost besides their operators: {launch, perByte}, microseconds and microseconds per
 * byte written or read. `parts`: [{rows (sum of the operators' rows), compute, move, wait, moved (bytes read and written)}].
 */
export function fitOverheads(parts) {
  const [fixed, copying] = fitTwo(parts.map(({ moved, move }) => [1, moved, move]));
  const excess = parts.length >= ENOUGH_PARTS ? fitTwo(parts.map(({ rows, compute, moved }) => [rows, moved, compute - rows]))[1] : 0;
  return { launch: fixed + median(parts.map(({ wait }) => wait)), perByte: copying + excess };
}

// The parts that run each node, one in each lane: Map name -> [ids]. Of further lanes the plan says it by cluster.
function partsOfNodes(plan) {
  const further = (plan.lanes ?? []).map((lane) => lane.part_of_cluster);
  return new Map(plan.nodes.map((node) => [node.name, [node.part, ...further.map((partOf) => partOf[node.cluster])].filter((part) => typeof part === 'string')]));
}

// What each part of a run did: {id, device, rows, compute, move, wait, moved, crossing}, `crossing` being the bytes of
// `moved` that come from or go to another device; the rest are inputs and outputs of the model.
function partFigures(rows, partsOf, { report, samples, flow }) {
  const deviceOf = new Map(report.parts.map((part) => [part.id, part.device]));
  const sums = new Map();
  for (const row of rows) {
    for (const part of (row.what === 'op' && partsOf.get(row.node)) || []) {
      if (row.device === deviceOf.get(part)) sums.set(part, (sums.get(part) ?? 0) + row.time_us);
    }
  }
  const idle = waits(flow, samples);
  return report.parts.map((measured, index) => {
    const part = flow.parts[index], { tensors } = flow.lanes[part.lane];
    const values = samples.find((sample) => sample.lane === part.lane)?.values;
    let moved = 0, crossing = 0;
    const count = (name, crosses) => {
      const { bytes } = values?.get(name) ?? { bytes: 0 };
      moved += bytes;
      if (crosses) crossing += bytes;
    };
    for (const name of part.inputs) {
      const { producer } = tensors.get(name);
      if (producer < 0 || flow.parts[producer].device !== part.device) count(name, producer >= 0);
    }
    for (const name of part.outputs) {
      const tensor = tensors.get(name);
      if (tensor.travels) count(name, tensor.takers.some((taker) => flow.parts[taker].device !== part.device));
    }
    return {
      id: part.id, device: part.device, rows: sums.get(part.id) ?? 0, compute: measured.compute_us,
      move: measured.read_us + measured.write_us, wait: median(idle.get(part.device) ?? [0]), moved, crossing,
    };
  });
}

// Sizes of the two rows that a transfer's line is written as, bytes.
const SHOWN = [4096, 4194304];

/**
 * The table `rows` corrected by a run: `plan` is plan.json, `run` what runPlan() returned, `devices` those of the target's
 * JSON. With the new table the planner predicts for the same plan what was measured. Rows of operators that no part ran
 * stay, and so do those of devices unlike all that ran.
 */
export function calibrate(rows, plan, run, devices) {
  const like = new Map(devices.map((device) => [device.name, likeness(device)]));
  const partsOf = partsOfNodes(plan);
  const figures = partFigures(rows, partsOf, run);
  const overheads = new Map(), factors = new Map(), deviceOf = new Map();
  for (const kind of new Set(figures.map(({ device }) => like.get(device)))) {
    const parts = figures.filter(({ device }) => like.get(device) === kind);
    const overhead = fitOverheads(parts);
    overheads.set(kind, { ...overhead, crosses: parts.some(({ crossing }) => crossing > 0) });
    for (const part of parts) {
      deviceOf.set(part.id, part.device);
      const operators = part.compute + part.move + part.wait - overhead.launch - overhead.perByte * part.crossing;
      if (part.rows > 0 && operators > 0) factors.set(part.id, operators / part.rows);
    }
  }
  const transfer = (row) => {
    const ends = [overheads.get(like.get(row.device)), overheads.get(like.get(row.to))];
    return ends.every((end) => end?.crosses) ? ends[0].perByte + ends[1].perByte : undefined;
  };
  const written = new Set();
  return rows.flatMap((row) => {
    if (row.what === 'launch') return [{ ...row, time_us: overheads.get(like.get(row.device))?.launch ?? row.time_us }];
    if (row.what === 'transfer') {
      const perByte = transfer(row);
      if (!(perByte > 0)) return [row];
      const pair = JSON.stringify([row.device, row.to]);
      if (written.has(pair)) return [];
      written.add(pair);
      return SHOWN.map((bytes) => ({ ...row, bytes, time_us: perByte * bytes }));
    }
    // The part of the row's own device, or else of one like it.
    const known = (partsOf.get(row.node) ?? []).filter((part) => factors.has(part) && like.get(row.device) === like.get(deviceOf.get(part)));
    const part = known.find((candidate) => deviceOf.get(candidate) === row.device) ?? known[0];
    return [part === undefined ? row : { ...row, time_us: row.time_us * factors.get(part) }];
  });
}
