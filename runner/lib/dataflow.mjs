// What follows from a manifest's parts: who makes and takes each tensor, and what has to travel.
import { lanesOf } from './manifest.mjs';

/**
 * What runs: lanes that take turns, those of the manifest unless others are given.
 *   parts: of all lanes, [{id, device, inputs, outputs, order, lane, session}], `order` being the launch order within the
 *          lane and `session` the id of the first part of the device that is the same file
 *   lanes: [{share, parts (indices), tensors}]
 *   turns: of a cycle of samples, the lane of each
 * Tensors of a lane: Map name -> {name, producer (index of a part, or -1 for an input of the model), takers (indices of
 * parts), isOutput, usesOn: Map device -> number of parts there that take it, travels}. `travels`: another process needs it,
 * so it goes through shared memory. Inputs come from there anyway.
 */
export function makeDataflow(manifest, lanes = lanesOf(manifest)) {
  const { inputs, outputs } = manifest;
  const flow = { inputs, outputs, parts: [], lanes: [], turns: turnsOf(lanes.map(({ share }) => share)) };
  const sessions = new Map();
  lanes.forEach(({ share, parts }, lane) => {
    const first = flow.parts.length;
    parts.forEach((part, order) => {
      const file = JSON.stringify([part.device, part.file ?? part.id]);
      if (!sessions.has(file)) sessions.set(file, part.id);
      flow.parts.push({ ...part, order, lane, session: sessions.get(file) });
    });
    const indices = parts.map((_, index) => first + index);
    flow.lanes.push({ share, parts: indices, tensors: tensorsOf(inputs, outputs, flow.parts, indices) });
  });
  return flow;
}

function tensorsOf(inputs, outputs, parts, indices) {
  const tensors = new Map();
  const add = (name, producer) => tensors.set(name, { name, producer, takers: [], isOutput: false, usesOn: new Map(), travels: producer < 0 });
  inputs.forEach((name) => add(name, -1));
  for (const index of indices) parts[index].outputs.forEach((name) => add(name, index));
  for (const index of indices) {
    const { device } = parts[index];
    for (const name of parts[index].inputs) {
      const tensor = tensors.get(name);
      tensor.takers.push(index);
      tensor.usesOn.set(device, (tensor.usesOn.get(device) ?? 0) + 1);
      if (tensor.producer >= 0 && parts[tensor.producer].device !== device) tensor.travels = true;
    }
  }
  for (const name of outputs) {
    const tensor = tensors.get(name);
    tensor.isOutput = true;
    tensor.travels = true;
  }
  return tensors;
}

/**
 * Who takes each turn of a cycle: as often as its share says, spread as evenly as can be (smooth weighted round robin:
 * everyone gains its share each turn, and who has most gives the whole cycle away for it; the first of equals).
 */
export function turnsOf(shares) {
  const cycle = shares.reduce((sum, share) => sum + share, 0), credit = shares.map(() => 0);
  return Array.from({ length: cycle }, () => {
    let next = 0;
    shares.forEach((share, lane) => { credit[lane] += share; });
    credit.forEach((has, lane) => { if (has > credit[next]) next = lane; });
    credit[next] -= cycle;
    return next;
  });
}

/** The tensors that pass from one device to another: [{tensor, from, to}] by lane, in order of their producers. */
export function transfers(flow) {
  const result = [];
  for (const tensor of flow.lanes.flatMap(({ tensors }) => [...tensors.values()])) {
    if (tensor.producer < 0) continue;
    const from = flow.parts[tensor.producer].device;
    for (const to of tensor.usesOn.keys()) if (to !== from) result.push({ tensor: tensor.name, from, to });
  }
  return result;
}
