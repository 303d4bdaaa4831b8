// The plan as the page uses it: the JSON blocks, and what follows from them. Nodes, clusters, parts and devices are
// indices everywhere; times are microseconds.

const readBlock = (id) => JSON.parse(document.getElementById(id).textContent);

/** Neighbours of each node: those of node i are list[first[i]] to list[first[i + 1] - 1]. Linear. */
function neighbours(count, edges, from, to) {
  const first = new Int32Array(count + 1);
  for (let e = 0; e < edges.length; e += 2) ++first[edges[e + from] + 1];
  for (let i = 0; i < count; ++i) first[i + 1] += first[i];
  const list = new Int32Array(edges.length / 2), next = first.slice();
  for (let e = 0; e < edges.length; e += 2) list[next[edges[e + from]]++] = edges[e + to];
  return { first, list, of: (node) => list.subarray(first[node], first[node + 1]) };
}

// Which lane the page shows: the one in its address, "#lane=1".
const shownLane = (lanes) => {
  const lane = Number(/^#lane=(\d+)$/.exec(location.hash)?.[1] ?? 0);
  return lane < lanes.length ? lane : 0;
};

// Puts what a lane has of its own in the place of the first one's.
function showLane(plan) {
  plan.lanes ??= [];
  plan.lane = shownLane(plan.lanes);
  const { clusters: c, parts: p, cuts: k, transfers: t } = plan;
  plan.laneData = [{ share: plan.lanes[0]?.share ?? 1, clusters: c, parts: p, cuts: k, transfers: t }, ...plan.lanes.slice(1)];
  if (plan.lane === 0) return;
  const { start_us: starts, end_us: ends, clusters, parts, cuts, transfers } = plan.lanes[plan.lane];
  Object.assign(plan.nodes, { start_us: starts, end_us: ends });
  Object.assign(plan, { clusters, parts, cuts, transfers });
}

function loadPlan() {
  const plan = readBlock('plan');
  showLane(plan);
  const { nodes, clusters, parts } = plan;
  plan.size = nodes.name.length;
  plan.partOf = nodes.cluster.map((cluster) => clusters.part[cluster]);
  plan.deviceOf = plan.partOf.map((part) => parts[part].device);
  plan.users = neighbours(plan.size, plan.edges, 0, 1);
  plan.sources = neighbours(plan.size, plan.edges, 1, 0);
  plan.nodesOf = parts.map(() => []);
  plan.partOf.forEach((part, node) => plan.nodesOf[part].push(node));
  // What a runtime is expected to fuse runs as one: its nodes share their time.
  const kernels = new Map();
  for (let node = 0; node < plan.size; ++node) {
    const kernel = nodes.kernel.length > 0 && nodes.kernel[node] >= 0 ? nodes.kernel[node] : -1 - node;
    if (!kernels.has(kernel)) kernels.set(kernel, []);
    kernels.get(kernel).push(node);
  }
  plan.kernels = [...kernels.values()];
  plan.kernelOf = new Array(plan.size);
  for (const members of plan.kernels) for (const node of members) plan.kernelOf[node] = members;
  parts.forEach((part, index) => { part.label = part.id ?? `part ${index}`; });
  plan.partNamed = new Map(parts.map((part, index) => [part.label, index]));
  plan.cutsOf = new Map();  // of the node that computes the tensor
  for (const cut of plan.cuts) plan.cutsOf.set(cut.node, [...(plan.cutsOf.get(cut.node) ?? []), cut]);
  plan.timed = plan.summary !== null && parts.length > 0;
  return plan;
}

/** The best device that runs the whole model alone, or null. */
function bestSingle(summary) {
  const alone = summary.baselines.filter(({ name, value_us: value }) => name.startsWith('single:') && value !== null);
  if (alone.length === 0) return null;
  const best = alone.reduce((a, b) => (b.value_us < a.value_us ? b : a));
  return { device: best.name.slice('single:'.length), value: best.value_us };
}

// What whole copies of the model that take turns are worth; null where there is no room for them, or none were tried.
function copiesOf(summary) {
  return summary.baselines.find(({ name }) => name === 'copies')?.value_us ?? null;
}
