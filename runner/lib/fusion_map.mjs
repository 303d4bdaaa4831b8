// Whose work a kernel does: from the nodes of an optimised model back to the nodes of the original.
//
// A runtime fuses, folds, renames and adds nodes before it runs them. Each of its kernels is given to an *anchor*, the
// original node that produces what the kernel produces; original nodes that are gone are fused into the kernel that
// they lead to, or were folded. Every kernel has exactly one anchor, so no time is lost.
import { nodeLabel } from './onnx_file.mjs';

/** How a kernel's anchor was found, from the surest to the weakest. */
export const CLUES = ['output', 'form', 'name', 'prefix', 'neighbour'];

// What a tensor is called in another form: in blocked layout, or in float32 instead of float16.
const FORMS = [/^(.+)_nchwc$/s, /^InsertedPrecisionFreeCast_(.+)$/s];

/**
 * Maps the kernels of `optimised` ({nodes, inputs, outputs, initializers} as of readOnnxFile) to the nodes of
 * `original`.
 *
 * Returns {anchors, clues, nodes}: for each kernel the index of its original node and one of CLUES (-1 and 'neighbour'
 * if the original has no nodes); for each original node {status, into}:
 *   'kernel'  it runs, its time is that of the kernels that it is the anchor of;
 *   'fused'   its work is done by the kernels of the node with index `into`;
 *   'folded'  nothing is left of it at run time (computed while loading, or removed).
 * Time: linear in the sizes of both.
 */
export function mapFusion(original, optimised) {
  const from = joins(original), to = joins(optimised);
  const { anchors, clues, members } = findAnchors(original, optimised, from, to);
  return { anchors, clues, nodes: classify(original, optimised, from, anchors, members) };
}

/**
 * Sums per-kernel times by anchor: [{node (index), label, time, status, into}], one for each original node in order.
 * The sum of the times is that of `times` (an array of numbers, one for each kernel).
 */
export function attributeTimes(original, map, times) {
  const sums = new Array(original.nodes.length).fill(0);
  map.anchors.forEach((anchor, kernel) => { if (anchor >= 0) sums[anchor] += times[kernel]; });
  return original.nodes.map((node, index) => ({
    node: index, label: nodeLabel(node, index), time: sums[index], ...map.nodes[index],
  }));
}

/** The share of the time that each of CLUES accounts for: {output: 0.9, ...}; all 0 of no time. */
export function clueShares(map, times) {
  const total = times.reduce((sum, time) => sum + time, 0);
  const shares = Object.fromEntries(CLUES.map((clue) => [clue, 0]));
  map.clues.forEach((clue, kernel) => { if (total > 0) shares[clue] += times[kernel] / total; });
  return shares;
}

// Producer and consumers of each tensor, by node index; what bodies capture counts as used.
function joins(graph) {
  const producer = new Map(), consumers = new Map();
  graph.nodes.forEach((node, index) => {
    for (const name of node.outputs) if (name !== '') producer.set(name, index);
    for (const name of usedBy(node)) {
      const list = consumers.get(name);
      if (list === undefined) consumers.set(name, [index]); else if (list.at(-1) !== index) list.push(index);
    }
  });
  return { producer, consumers };
}

const usedBy = (node) => [...node.inputs, ...node.captures].filter((name) => name !== '');

function findAnchors(original, optimised, from, to) {
  const byName = new Map();
  original.nodes.forEach(({ name }, index) => { if (name !== '' && !byName.has(name)) byName.set(name, index); });
  const anchors = [], clues = [], members = [];
  for (const kernel of optimised.nodes) {
    const found = clueOf(kernel, from.producer, byName);
    anchors.push(found.anchor);
    clues.push(found.clue);
    members.push(found.members);
  }
  // What serves a neighbour has a tensor in common with it: consumers settle backwards, then producers forwards.
  const settle = (kernel, candidates) => {
    if (anchors[kernel] >= 0) return;
    for (const candidate of candidates) {
      if (anchors[candidate] >= 0) { anchors[kernel] = anchors[candidate]; return; }
    }
  };
  const count = optimised.nodes.length;
  for (let k = count - 1; k >= 0; --k) {
    settle(k, optimised.nodes[k].outputs.flatMap((name) => to.consumers.get(name) ?? []));
  }
  for (let k = 0; k < count; ++k) {
    settle(k, usedBy(optimised.nodes[k]).flatMap((name) => to.producer.get(name) ?? []));
  }
  // Alone in its graph: whatever ran before it, for its time must go somewhere.
  let last = original.nodes.length > 0 ? 0 : -1;
  for (let k = 0; k < count; ++k) {
    if (anchors[k] < 0) anchors[k] = last; else last = anchors[k];
  }
  return { anchors, clues, members };
}

// The anchor that a kernel's own names tell, or -1; `members` are all original nodes that they speak of.
function clueOf(kernel, producer, byName) {
  const made = kernel.outputs.flatMap((name) => producer.get(name) ?? []);
  const named = byName.get(kernel.name);
  const prefixed = named ?? longestPrefix(kernel.name, byName);
  const members = prefixed === undefined ? made : [...made, prefixed];
  // Of several results the last one is where the fused group ends.
  if (made.length > 0) return { anchor: Math.max(...made), clue: 'output', members };
  for (const name of [...kernel.outputs, kernel.name]) {
    for (const form of FORMS) {
      const maker = producer.get(form.exec(name)?.[1]);
      if (maker !== undefined) return { anchor: maker, clue: 'form', members };
    }
  }
  if (named !== undefined) return { anchor: named, clue: 'name', members };
  if (prefixed !== undefined) return { anchor: prefixed, clue: 'prefix', members };
  return { anchor: -1, clue: 'neighbour', members };
}

function longestPrefix(name, byName) {
  for (let slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
    const index = byName.get(name.slice(0, slash));
    if (index !== undefined) return index;
  }
  return undefined;
}

const NONE = -1, MANY = -2;

function classify(original, optimised, from, anchors, members) {
  const { nodes } = original;
  const isAnchor = new Array(nodes.length).fill(false);
  for (const anchor of anchors) if (anchor >= 0) isAnchor[anchor] = true;

  // A kernel that speaks of a node which is not its anchor has taken it in.
  const takenBy = new Array(nodes.length).fill(NONE);
  const kernelInputs = new Map();  // anchor -> names that its kernels read
  anchors.forEach((anchor, kernel) => {
    if (anchor < 0) return;
    for (const member of members[kernel]) {
      if (!isAnchor[member] && takenBy[member] === NONE) takenBy[member] = anchor;
    }
    if (!kernelInputs.has(anchor)) kernelInputs.set(anchor, new Set());
    for (const name of usedBy(optimised.nodes[kernel])) kernelInputs.get(anchor).add(name);
  });

  const order = topologicalOrder(original, from);
  const goal = goals(original, optimised, from, order, isAnchor, takenBy);
  const constant = constants(original, from, order, isAnchor);

  const result = new Array(nodes.length);
  for (const n of order) {
    if (isAnchor[n]) { result[n] = { status: 'kernel', into: -1 }; continue; }
    const into = goal[n];
    const folded = into < 0 || (constant[n] && takenBy[n] === NONE && !isReadBy(n, into));
    result[n] = folded ? { status: 'folded', into: -1 } : { status: 'fused', into };
  }
  return result;

  // Constants that a kernel takes as they are, quantized weights for one, are computed by it and not while loading.
  function isReadBy(n, anchor) {
    return usedBy(nodes[n]).some((name) => {
      if (kernelInputs.get(anchor).has(name)) return true;
      const maker = from.producer.get(name);
      return maker !== undefined && result[maker]?.status === 'fused' && result[maker].into === anchor;
    });
  }
}

// For each node that is gone the one anchor that all that it computes leads to; NONE or MANY if there is no such. What
// became a weight of the optimised model leads nowhere, and neither does what only such values need.
function goals(original, optimised, from, order, isAnchor, takenBy) {
  const stored = new Set(optimised.initializers);
  const goal = new Array(original.nodes.length).fill(NONE);
  for (let i = order.length - 1; i >= 0; --i) {
    const n = order[i];
    if (isAnchor[n]) { goal[n] = n; continue; }
    if (takenBy[n] !== NONE) { goal[n] = takenBy[n]; continue; }
    if (original.nodes[n].outputs.some((name) => stored.has(name))) continue;
    for (const name of original.nodes[n].outputs) {
      for (const consumer of from.consumers.get(name) ?? []) {
        const next = goal[consumer];
        if (next === NONE || next === goal[n]) continue;
        goal[n] = goal[n] === NONE ? next : MANY;
      }
    }
  }
  return goal;
}

// Which nodes depend on no input of the model and could be computed while loading.
function constants(original, from, order, isAnchor) {
  const overridable = new Set(original.inputs);
  const constant = new Array(original.nodes.length).fill(false);
  const fixed = new Set(original.initializers.filter((name) => !overridable.has(name)));
  for (const n of order) {
    constant[n] = !isAnchor[n] && usedBy(original.nodes[n]).every((name) => {
      const maker = from.producer.get(name);
      return maker === undefined ? fixed.has(name) : constant[maker];
    });
  }
  return constant;
}

// Producers before consumers; nodes on a cycle, which no runtime accepts, come last.
function topologicalOrder(graph, { producer, consumers }) {
  const missing = graph.nodes.map((node) => new Set(usedBy(node).filter((name) => producer.has(name))).size);
  const order = [];
  missing.forEach((count, n) => { if (count === 0) order.push(n); });
  for (let i = 0; i < order.length; ++i) {
    for (const name of new Set(graph.nodes[order[i]].outputs)) {
      if (producer.get(name) !== order[i]) continue;
      for (const consumer of consumers.get(name) ?? []) if (--missing[consumer] === 0) order.push(consumer);
    }
  }
  if (order.length < graph.nodes.length) {
    const seen = new Set(order);
    graph.nodes.forEach((_, n) => { if (!seen.has(n)) order.push(n); });
  }
  return order;
}
