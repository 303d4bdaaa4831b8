// Which devices are alike, so that only one of them need be tried.

// A machine of some devices: `kinds[d]` numbers devices that do the same work equally fast with equal memory and launches.
export function kindsOf(problem) {
  const keys = problem.devices.map((device, d) =>
    JSON.stringify([device.memory, device.launch, problem.items.map((item) => item.time[d])]));
  return keys.map((key) => keys.indexOf(key));
}

// Colours devices such that those of one colour have the same routes to all others, channels shared alike, when the devices of
// `fixed` are told apart: by refinement, as graph canonisation does it. Only routes between `devices` count.
export function colours(problem, devices, kinds, fixed) {
  const rank = (keys) => {
    const sorted = [...new Set(keys)].sort();
    return keys.map((key) => sorted.indexOf(key));
  };
  let device = rank(devices.map((d) => `${kinds[d]}:${fixed.indexOf(d)}`));
  let channel = new Array(problem.channels).fill(0);
  for (let known = 0; known < new Set(device).size + new Set(channel).size; ) {
    known = new Set(device).size + new Set(channel).size;
    const users = channel.map(() => []);
    const ways = (a, b) => {
      const route = problem.route[devices[a]][devices[b]];
      if (route === null) return `${device[b]}`;
      for (const c of route.channels) users[c].push(`${device[a]}>${device[b]}`);
      return `${device[b]}:${JSON.stringify(route.segments)}:${route.channels.map((c) => channel[c]).sort()}`;
    };
    const keys = devices.map((_, a) => {
      const others = devices.map((_, b) => b).filter((b) => b !== a);
      return `${device[a]}|${others.map((b) => ways(a, b)).sort()}|${others.map((b) => ways(b, a)).sort()}`;
    });
    channel = rank(channel.map((c, i) => `${c}|${users[i].sort()}`));
    device = rank(keys);
  }
  return device;
}

// Of the unused `devices`, one of each colour: the first. Of more than four that are equally fast only the first is tried, so that
// orders stay few.
export function choices(problem, devices, kinds, used) {
  const colour = colours(problem, devices, kinds, used);
  const unused = devices.flatMap((d, i) => (used.includes(d) ? [] : [{ d, colour: colour[i] }]));
  const size = (kind) => devices.filter((d) => kinds[d] === kind).length;
  return unused
    .filter(({ d, colour: own }, i) => unused.findIndex((other) =>
      other.colour === own || (kinds[other.d] === kinds[d] && size(kinds[d]) > 4)) === i)
    .map(({ d }) => d);
}

// Lower bounds of the largest load when the devices of a set do all the items from a place of `order` on: whatever weights devices
// have, some device carries at least the weighted mean, which is least if each item is where it weighs least.
export class SuffixBounds {
  constructor(problem, order, kinds) {
    this.problem = problem;
    this.order = order;
    this.kinds = kinds;
    this.known = new Map();  // by how many devices of each kind
  }

  // By place, for these devices.
  of(devices) {
    const counts = new Map();
    for (const d of devices) counts.set(this.kinds[d], (counts.get(this.kinds[d]) ?? 0) + 1);
    const key = [...counts].sort((a, b) => a[0] - b[0]).join(';');
    if (!this.known.has(key)) this.known.set(key, this.compute([...counts]));
    return this.known.get(key);
  }

  compute(counts) {
    const { problem, order } = this, bounds = new Float64Array(order.length + 1);
    for (const weights of weightings(counts.length)) {
      const total = counts.reduce((sum, [, count], k) => sum + count * weights[k], 0);
      let sum = 0;
      for (let i = order.length - 1; i >= 0; --i) {
        sum += Math.min(...counts.map(([kind], k) => weights[k] * problem.items[order[i]].time[kind]));
        // A little less than exact arithmetic would give.
        bounds[i] = Math.max(bounds[i], (sum / total) * (1 - 1e-9));
      }
    }
    return bounds;
  }
}

// Lower bounds of a latency: by place, the longest path from the item there to an end, each item on the fastest of the devices.
export class PathBounds {
  constructor(problem, order, kinds) {
    this.problem = problem;
    this.order = order;
    this.kinds = kinds;
    this.known = new Map();  // by kinds of devices
  }

  of(devices) {
    const present = [...new Set(devices.map((d) => this.kinds[d]))], key = present.sort().join();
    if (!this.known.has(key)) this.known.set(key, this.compute(present));
    return this.known.get(key);
  }

  compute(kinds) {
    const { problem, order } = this, path = new Float64Array(problem.items.length);
    for (const item of [...order].reverse()) {
      const after = problem.outputs[item].flatMap((f) => problem.flows[f].to).map((to) => path[to]);
      path[item] = Math.min(...kinds.map((kind) => problem.items[item].time[kind])) + Math.max(0, ...after);
    }
    return order.map((item) => path[item]);
  }
}

// Weights of up to three kinds; more are weighed alike.
function weightings(kinds) {
  if (kinds === 0) return [];
  if (kinds > 3) return [new Array(kinds).fill(1)];
  const steps = [1, 1.5, 2, 3, 4, 6, 9, 14, 20, 40], ratios = [...steps.map((s) => 1 / s), ...steps.slice(1)];
  let all = [[1]];
  for (let k = 1; k < kinds; ++k) all = all.flatMap((weights) => ratios.map((ratio) => [...weights, ratio]));
  return all;
}
