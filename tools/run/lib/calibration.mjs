// Correcting measured costs by what the parts of a plan took when they ran.
//
// Operators are measured in a model that runs whole. In a part they may take longer: kernels are fused otherwise at a
// boundary, layouts change there, and devices that work at the same time share caches and memory. What a part's operators
// took together is known, so their rows are scaled to it, on its device and on all that are like it. What a part costs
// besides its operators (waiting for the message, reading and writing tensors) becomes the launch cost.
import { median } from './statistics.mjs';

/**
 * A text that is equal for devices on which an operator takes the same time: all of a device's description but its name,
 * its memory, and which cores or which of several equal accelerators it is.
 */
export function likeness(device) {
  const { name, memory, note, runtime = {}, ...rest } = device;
  const cores = (runtime.cores ?? '').split(',').map((piece) => { const [a, b = a] = piece.split('-').map(Number); return piece ? b - a + 1 : 0; });
  return JSON.stringify({ ...rest, provider: runtime.provider, threads: runtime.threads, cores: cores.reduce((sum, n) => sum + n, 0) });
}

// How long each run of a part of a pipeline or a single inference waited though its inputs and its device were ready.
function waits(flow, samples) {
  const result = new Map();
  const free = new Map();
  const all = samples.flatMap((sample) => sample.runs.map((run) => ({ ...run, sample }))).sort((a, b) => a.times[0] - b.times[0]);
  for (const { part: index, times, sample } of all) {
    const part = flow.parts[index];
    const ready = Math.max(sample.begin, ...part.inputs.map((name) => {
      const { producer } = flow.tensors.get(name);
      return producer < 0 ? 0 : sample.runs.find((run) => run.part === producer).times[3];
    }));
    const idle = Math.max(0, times[0] - Math.max(ready, free.get(part.device) ?? 0));
    if (!result.has(part.device)) result.set(part.device, []);
    result.get(part.device).push(idle);
    free.set(part.device, times[3]);
  }
  return result;
}

/**
 * The table `rows` corrected by a run: `plan` is plan.json, `run` what runPlan() returned, `devices` those of the target's
 * JSON. A new table; rows of nodes that no part ran stay.
 */
export function calibrate(rows, plan, { report, samples, flow }, devices) {
  const kind = new Map(devices.map((device) => [device.name, likeness(device)]));
  const partOf = new Map(plan.nodes.map((node) => [node.name, node.part]));
  const deviceOf = new Map(report.parts.map((part) => [part.id, part.device]));
  // Predicted times of the parts' operators, by the rows for the device that ran them.
  const sums = new Map();
  for (const row of rows) {
    const part = row.what === 'op' ? partOf.get(row.node) : undefined;
    if (part === undefined || row.device !== deviceOf.get(part)) continue;
    sums.set(part, (sums.get(part) ?? 0) + row.time_us);
  }
  const factor = new Map();
  for (const part of report.parts) {
    const sum = sums.get(part.id) ?? 0;
    if (sum > 0) factor.set(part.id, part.compute_us / sum);
  }
  const idle = waits(flow, samples);
  const launch = new Map();
  for (const name of new Set(report.parts.map((part) => part.device))) {
    const here = report.parts.filter((part) => part.device === name);
    const moving = median(here.map((part) => part.read_us + part.write_us));
    const like = kind.get(name);
    launch.set(like, Math.max(launch.get(like) ?? 0, moving + median(idle.get(name) ?? [0])));
  }
  return rows.map((row) => {
    if (row.what === 'launch' && launch.has(kind.get(row.device))) return { ...row, time_us: launch.get(kind.get(row.device)) };
    const part = row.what === 'op' ? partOf.get(row.node) : undefined;
    const applies = factor.has(part) && kind.get(row.device) === kind.get(deviceOf.get(part));
    return applies ? { ...row, time_us: row.time_us * factor.get(part) } : row;
  });
}
