// What follows from a manifest's parts: who makes and takes each tensor, and what has to travel.

/**
 * The tensors of one sample:
 *   parts:   [{id, device, inputs, outputs, order}], `order` being the launch order
 *   tensors: Map name -> {name, producer (index of a part, or -1 for an input of the model), takers (indices of parts),
 *            isOutput, usesOn: Map device -> number of parts there that take it, travels}
 * `travels`: another process needs it, so it goes through shared memory. Inputs come from there anyway.
 */
export function makeDataflow({ inputs, outputs, parts }) {
  const tensors = new Map();
  const add = (name, producer) => tensors.set(name, { name, producer, takers: [], isOutput: false, usesOn: new Map(), travels: producer < 0 });
  inputs.forEach((name) => add(name, -1));
  parts.forEach((part, index) => part.outputs.forEach((name) => add(name, index)));
  parts.forEach((part, index) => {
    for (const name of part.inputs) {
      const tensor = tensors.get(name);
      tensor.takers.push(index);
      tensor.usesOn.set(part.device, (tensor.usesOn.get(part.device) ?? 0) + 1);
      if (tensor.producer >= 0 && parts[tensor.producer].device !== part.device) tensor.travels = true;
    }
  });
  for (const name of outputs) {
    const tensor = tensors.get(name);
    tensor.isOutput = true;
    tensor.travels = true;
  }
  return { inputs, outputs, parts: parts.map((part, order) => ({ ...part, order })), tensors };
}

/** The tensors that pass from one device to another: [{tensor, from, to}] in order of their producers. */
export function transfers(flow) {
  const result = [];
  for (const tensor of flow.tensors.values()) {
    if (tensor.producer < 0) continue;
    const from = flow.parts[tensor.producer].device;
    for (const to of tensor.usesOn.keys()) if (to !== from) result.push({ tensor: tensor.name, from, to });
  }
  return result;
}
