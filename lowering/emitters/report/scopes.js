// The plan's nodes as a tree: parts, the scopes that names have within them ("layers.3/attention/..."), nodes. A view
// shows some groups open and the others as one box each.

const FEW = 8;        // so few nodes are shown as they are
const MOST_BESIDE = 48;  // groups of more are cut into runs

/** The separator that names of the model have, or null. '/' counts before '.', which is also in file-like names. */
function separatorOf(names) {
  for (const separator of ['/', '.']) {
    const having = names.reduce((sum, name) => sum + (name.indexOf(separator, 1) > 0 ? 1 : 0), 0);
    if (having * 3 >= names.length) return separator;
  }
  return null;
}

class Group {
  constructor(kind, label, members, more = {}) {
    Object.assign(this, { kind, label, members, parent: null, order: 0, children: null, depth: 0 }, more);
  }

  get canOpen() {
    return this.children !== null;
  }

  adopt(children) {
    this.children = children;
    children.forEach((child, order) => Object.assign(child, { parent: this, order }));
    return this;
  }
}

/** A tree over all nodes. Its leaves are nodes; linear in nodes and the lengths of names. */
class Scopes {
  constructor(plan) {
    this.plan = plan;
    const { name: names } = plan.nodes, separator = separatorOf(names);
    this.separator = separator;
    this.segments = names.map((name) =>
      (separator === null ? [name] : name.split(separator).filter((segment) => segment !== '')));
    const parts = plan.parts.map((part, index) => [part, index]).filter(([, index]) => plan.nodesOf[index].length > 0)
      .map(([part, index]) => new Group('part', part.label, plan.nodesOf[index], { part: index })
        .adopt(this.split(plan.nodesOf[index], 0)));
    const all = Int32Array.from({ length: plan.size }, (_, node) => node);
    this.root = new Group('root', plan.model, all).adopt(this.inRuns(parts));
    this.leafOf = new Array(plan.size);
    this.mark(this.root, 0);
  }

  // The children of a group of nodes whose names agree in `depth` segments.
  split(members, depth) {
    if (members.length <= FEW) return members.map((node) => this.leaf(node));
    const scopes = new Map();
    for (const node of members) {
      const segments = this.segments[node], key = depth + 1 < segments.length ? segments[depth] : null;
      if (!scopes.has(key)) scopes.set(key, []);
      scopes.get(key).push(node);
    }
    if (scopes.size === 1 && !scopes.has(null)) return this.split(members, depth + 1);
    const children = (scopes.get(null) ?? []).map((node) => this.leaf(node));
    for (const [key, inside] of scopes) {
      if (key === null) continue;
      if (inside.length === 1) children.push(this.leaf(inside[0]));
      else children.push(new Group('scope', key, inside).adopt(this.split(inside, depth + 1)));
    }
    children.sort((a, b) => a.members[0] - b.members[0]);
    return this.inRuns(children);
  }

  leaf(node) {
    return new Group('node', this.plan.nodes.name[node], [node], { node });
  }

  // Many siblings, in order, as runs of about as many each.
  inRuns(children) {
    if (children.length <= MOST_BESIDE) return children;
    const runs = Math.ceil(Math.sqrt(children.length)), made = [];
    for (let i = 0; i < runs; ++i) {
      const inside = children.slice(Math.round((i * children.length) / runs),
        Math.round(((i + 1) * children.length) / runs));
      const members = inside.flatMap((child) => Array.from(child.members)).sort((a, b) => a - b);
      const label = `${inside[0].label} … ${inside[inside.length - 1].label}`;
      made.push(new Group('run', label, members).adopt(this.inRuns(inside)));
    }
    return made;
  }

  mark(group, depth) {
    group.depth = depth;
    if (group.kind === 'node') this.leafOf[group.node] = group;
    for (const child of group.children ?? []) this.mark(child, depth + 1);
  }

  /** What all names of a scope begin with, "layers.3/attention/"; null for other groups. */
  prefixOf(group) {
    if (group.kind !== 'scope') return null;
    const { name: names } = this.plan.nodes, [first] = group.members;
    let length = names[first].length;
    for (const node of group.members) {
      let same = 0;
      while (same < length && names[node][same] === names[first][same]) ++same;
      length = same;
    }
    const at = names[first].lastIndexOf(this.separator, length - 1);
    return at < 0 ? null : names[first].slice(0, at + 1);
  }

  /** The groups that hold a node, from the one below the root to the node itself. */
  pathTo(node) {
    const path = [];
    for (let group = this.leafOf[node]; group.parent !== null; group = group.parent) path.push(group);
    return path.reverse();
  }

  /**
   * Sets of groups that may be open at first: none, then level by level as long as not more than `most` boxes are
   * shown. A level is opened whole, so that like things look alike; where that is too much, its small groups are.
   */
  openings(most) {
    const open = new Set(), sets = [new Set()];
    let level = this.root.children, shown = level.length;
    while (level.length > 0) {
      const next = [], sorted = level.filter((group) => group.canOpen)
        .sort((a, b) => a.children.length - b.children.length || a.members[0] - b.members[0]);
      if (sorted.length === 0) break;
      for (const group of sorted) {
        if (shown + group.children.length - 1 > most) break;
        shown += group.children.length - 1;
        open.add(group);
        next.push(...group.children);
      }
      if (next.length === 0) break;
      sets.push(new Set(open));
      level = next;
    }
    return sets;
  }
}

/** How many members of a group each device has: [[device, count], ...], most first. */
function devicesOf(plan, group) {
  const counts = new Map();
  for (const node of group.members) counts.set(plan.deviceOf[node], (counts.get(plan.deviceOf[node]) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}
