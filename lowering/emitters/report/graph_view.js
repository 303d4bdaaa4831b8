// The graph: operators in the colour of their device, parts and scopes as boxes that open and close, bundles of tensors
// between them; those that change device in their own colour.

const MOST_BOXES = 200;      // shown at first
const READABLE = 0.5;        // the scale from which on boxes can be read
const NAMED = 0.3;           // ... and from which on it has a name, in larger letters
const TOGGLE = 20;           // the square at a box's upper right that opens and closes it

class GraphView extends ZoomCanvas {
  constructor(canvas, plan, onPick) {
    super(canvas, onPick);
    this.plan = plan;
    this.scopes = new Scopes(plan);
    this.selection = null;
    this.found = null;  // a Set of nodes that a search has found, or null
    this.carried = null;  // an item that is being dragged away
    this.open = this.firstOpening();
    this.shrink();
    this.bar();
    this.start();
  }

  get shape() {
    return Math.max(this.canvas.clientWidth, 300) / Math.max(this.canvas.clientHeight, 200);
  }

  // As much as can be read at once: the deepest opening that fits, else the shallowest.
  firstOpening() {
    const openings = this.scopes.openings(MOST_BOXES);
    this.measure();
    for (let i = openings.length - 1; i >= 0; --i) {
      this.lay(openings[i]);
      if (i === 0 || this.fitting() >= READABLE) return openings[i];
    }
    return new Set();
  }

  bar() {
    const tools = document.querySelector('.tools[data-for="graph"]');
    const button = (text, title, onclick) =>
      tools.append(element('button', { type: 'button', title, onclick }, text));
    button('Close all', 'Show every part as one box', () => this.reopen(new Set()));
    button('Open more', 'Open the next level of scopes', () => this.openMore());
  }

  lay(open) {
    this.layout = layoutGraph(this.plan, this.scopes, open, this.shape);
    this.open = open;
    this.boxOf = new Map(this.layout.boxes.map((box) => [box.group, box]));
    this.paths = { inside: new Map(), parts: new Map(), devices: new Map() };
    this.edgeBetween = new Map();
    for (const edge of this.layout.edges) {
      if (!this.edgeBetween.has(edge.from)) this.edgeBetween.set(edge.from, new Map());
      this.edgeBetween.get(edge.from).set(edge.to, edge);
      const width = Math.min(1 + Math.log2(edge.edges.length) * 0.7, 5), paths = this.paths[edge.kind];
      const key = Math.round(width * 2) / 2;
      if (!paths.has(key)) paths.set(key, new Path2D());
      this.traceEdge(paths.get(key), edge);
    }
  }

  // No higher than what it shows needs.
  shrink() {
    this.canvas.style.height = '';
    this.measure();
    const needed = Math.max(220, Math.ceil(this.layout.height * this.fitting() + 24));
    if (needed >= this.height) return;
    this.canvas.style.height = `${needed}px`;
    this.measure();
  }

  reopen(open) {
    this.lay(open);
    this.shrink();
    this.fit();
    this.refresh();
  }

  openMore() {
    const next = new Set(this.open), shown = this.layout.boxes.filter((box) => !box.open && box.group.canOpen);
    const least = shown.reduce((depth, box) => Math.min(depth, box.group.depth), Infinity);
    for (const { group } of shown) if (group.depth === least) next.add(group);
    const boxes = [...next].reduce((sum, group) => sum + group.children.length, 0);
    if (boxes <= 1500) this.reopen(next);
  }

  /** Opens or closes a group; it stays where it is on the screen. */
  toggle(group) {
    const before = this.boxOf.get(group), [x, y] = [this.left + before.x * this.scale, this.top + before.y * this.scale];
    const open = new Set(this.open);
    if (!open.delete(group)) open.add(group);
    this.lay(open);
    const after = this.boxOf.get(group);
    this.left = x - after.x * this.scale;
    this.top = y - after.y * this.scale;
    this.fitted = false;
    this.refresh();
  }

  /** The box that shows a node, its own or that of a closed group around it. */
  shownAs(node) {
    const path = this.scopes.pathTo(node);
    return this.boxOf.get(path.find((group) => !this.open.has(group)));
  }

  traceEdge(path, { points, bent }) {
    path.moveTo(points[0].x, points[0].y);
    const last = points[points.length - 1];
    for (let i = 1; i + 1 < points.length; ++i) {
      const [a, b] = [points[i], points[i + 1]];
      if (bent) path.arcTo(a.x, a.y, b.x, b.y, Math.min(8, Math.hypot(b.x - a.x, b.y - a.y) / 2,
        Math.hypot(points[i - 1].x - a.x, points[i - 1].y - a.y) / 2));
      else path.quadraticCurveTo(a.x, a.y, i + 2 < points.length ? (a.x + b.x) / 2 : b.x, i + 2 < points.length ? (a.y + b.y) / 2 : b.y);
    }
    if (bent || points.length < 3) path.lineTo(last.x, last.y);
    path.moveTo(last.x - 3.5, last.y - 6);
    path.lineTo(last.x, last.y);
    path.lineTo(last.x + 3.5, last.y - 6);
  }

  fitting() {
    const { width, height } = this.layout, margin = 12;
    return Math.min((this.width - 2 * margin) / width, (this.height - 2 * margin) / height, 1.15);
  }

  fit() {
    this.scale = this.fitting();
    this.left = (this.width - this.layout.width * this.scale) / 2;
    this.top = (this.height - this.layout.height * this.scale) / 2;
    this.fitted = true;
  }

  pan(dx, dy) {
    this.left += dx;
    this.top += dy;
    this.fitted = false;
  }

  zoom(factor, x, y) {
    const scale = Math.min(4, Math.max(this.scale * factor, 0.01)), real = scale / this.scale;
    this.left = x - (x - this.left) * real;
    this.top = y - (y - this.top) * real;
    this.scale = scale;
    this.fitted = false;
  }

  /** Brings a node or a part to the middle, open and large enough to be read. */
  centre({ kind, index }) {
    if (kind !== 'node' && kind !== 'part') return;
    if (kind === 'node') {
      const open = new Set([...this.open, ...this.scopes.pathTo(index).filter((group) => group.canOpen)]);
      if (open.size > this.open.size) this.lay(open);
    }
    const box = kind === 'node' ? this.shownAs(index) : this.boxOfPart(index);
    if (box === undefined) return;
    this.scale = kind === 'node' ? Math.max(this.scale, 0.9) :
      Math.min(Math.max(this.scale, 0.9), (this.width - 24) / box.width, (this.height - 24) / box.height);
    // As near to the middle as leaves no more free than there has to be.
    const near = (middle, size, all) => (all * this.scale <= size ? (size - all * this.scale) / 2 :
      Math.min(12, Math.max(size / 2 - middle * this.scale, size - 12 - all * this.scale)));
    this.left = near(box.x + box.width / 2, this.width, this.layout.width);
    this.top = near(box.y + box.height / 2, this.height, this.layout.height);
    this.fitted = false;
  }

  boxOfPart(part) {
    const path = this.plan.nodesOf[part].length === 0 ? [] : this.scopes.pathTo(this.plan.nodesOf[part][0]);
    for (const group of path) {
      if (group.part === part || !this.open.has(group)) return this.boxOf.get(group);
    }
    return undefined;
  }

  // The innermost box at a place of the canvas.
  boxAt(px, py) {
    const x = (px - this.left) / this.scale, y = (py - this.top) / this.scale, { boxes } = this.layout;
    for (let i = boxes.length - 1; i >= 0; --i) {
      const box = boxes[i];
      if (x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height) return { box, x, y };
    }
    return null;
  }

  hit(px, py) {
    const found = this.boxAt(px, py);
    if (found === null) return null;
    const { box: { group, x, y, width }, x: wx, y: wy } = found;
    if (group.canOpen && wx >= x + width - TOGGLE - 2 && wy <= y + TOGGLE + 2 && this.scale >= 0.4) return { kind: 'toggle', group };
    return this.itemOf(group);
  }

  itemOf(group) {
    return group.kind === 'node' ? { kind: 'node', index: group.node } :
      group.kind === 'part' ? { kind: 'part', index: group.part, group } : { kind: 'group', group };
  }

  pick(px, py) {
    const item = this.hit(px, py);
    if (item?.kind === 'toggle') this.toggle(item.group); else this.onPick(item);
  }

  // A double click opens what can be opened, and else zooms.
  twice(px, py) {
    const group = this.boxAt(px, py)?.box.group;
    if (group?.canOpen) this.toggle(group); else super.twice(px, py);
  }

  key(event) {
    const group = this.selection?.group ?? (this.selection?.kind === 'part' ? this.boxOfPart(this.selection.index)?.group : undefined);
    if (event.key !== 'Enter' || !group?.canOpen) return super.key(event);
    event.preventDefault();
    return this.toggle(group);
  }

  tipOf(item) {
    return describe(this.plan, item);
  }

  paint(draw) {
    const size = this.sharp * this.scale;
    draw.setTransform(size, 0, 0, size, this.sharp * this.left, this.sharp * this.top);
    const shown = this.layout.boxes.filter(({ x, y, width, height }) =>
      (x + width) * this.scale + this.left > 0 && x * this.scale + this.left < this.width &&
      (y + height) * this.scale + this.top > 0 && y * this.scale + this.top < this.height);
    for (const box of shown) if (box.open) this.paintOpen(draw, box);
    const thin = Math.max(1, 0.75 / this.scale);
    for (const [kind, colour, alpha] of [['inside', 'edge', 0.9], ['parts', 'edgePart', 0.9], ['devices', 'cut', 0.9]]) {
      for (const [width, path] of this.paths[kind]) {
        draw.globalAlpha = this.found === null ? alpha : alpha * 0.4;
        draw.strokeStyle = this.colours[colour];
        draw.lineWidth = width * thin * (kind === 'devices' ? 1.3 : 1);
        draw.stroke(path);
      }
    }
    draw.globalAlpha = 1;
    for (const box of shown) if (!box.open) this.paintClosed(draw, box);
    this.paintSelection(draw);
    draw.setTransform(this.sharp, 0, 0, this.sharp, 0, 0);
    this.paintLabels(draw, shown);
  }

  isChosen(group) {
    const { selection } = this;
    if (selection === null) return false;
    if (selection.kind === 'node') return group.kind === 'node' && group.node === selection.index;
    return selection.kind === 'part' ? group.kind === 'part' && group.part === selection.index : selection.group === group;
  }

  paintOpen(draw, { group, x, y, width, height }) {
    const device = group.members.length > 0 ? devicesOf(this.plan, group) : [], chosen = this.isChosen(group);
    const colour = device.length === 1 ? hueOf(device[0][0]).fill : this.colours.muted;
    draw.beginPath();
    draw.roundRect(x, y, width, height, 8);
    draw.globalAlpha = group.kind === 'part' ? 0.1 : 0.06;
    draw.fillStyle = colour;
    draw.fill();
    draw.globalAlpha = chosen ? 1 : group.kind === 'part' ? 0.8 : 0.45;
    draw.strokeStyle = chosen ? this.colours.select : colour;
    draw.lineWidth = Math.max(chosen ? 3 : 1.2, (chosen ? 2.5 : 1) / this.scale);
    draw.stroke();
    draw.globalAlpha = 1;
    this.paintToggle(draw, x + width, y, this.colours.text, '−');
  }

  paintToggle(draw, right, top, colour, sign) {
    if (this.scale < 0.4) return;
    const x = right - TOGGLE / 2 - 2, y = top + TOGGLE / 2 + 2, arm = 4;
    draw.strokeStyle = colour;
    draw.lineWidth = 1.5;
    draw.globalAlpha = 0.75;
    draw.beginPath();
    draw.roundRect(x - 7, y - 7, 14, 14, 3);
    draw.moveTo(x - arm, y);
    draw.lineTo(x + arm, y);
    if (sign === '+') {
      draw.moveTo(x, y - arm);
      draw.lineTo(x, y + arm);
    }
    draw.stroke();
    draw.globalAlpha = 1;
  }

  paintClosed(draw, { group, x, y, width, height }) {
    const dim = this.found !== null && !group.members.some((node) => this.found.has(node));
    const devices = devicesOf(this.plan, group), [[device]] = devices;
    draw.globalAlpha = dim ? 0.22 : 1;
    if (group.kind !== 'node') {  // a second sheet below says that there is more inside
      draw.beginPath();
      draw.roundRect(x + 3, y + 3, width, height, 7);
      draw.fillStyle = this.colours.panel;
      draw.fill();
      draw.strokeStyle = devices.length === 1 ? hueOf(device).fill : this.colours.muted;
      draw.lineWidth = 1.2;
      draw.stroke();
    }
    draw.beginPath();
    draw.roundRect(x, y, width, height, group.kind === 'node' ? 5 : 7);
    draw.fillStyle = devices.length === 1 ? hueOf(device).fill : this.colours.panel;
    draw.fill();
    if (devices.length === 1 && isStriped(device)) {  // at its side, away from the text
      draw.beginPath();
      draw.roundRect(x, y, 9, height, [6, 0, 0, 6]);
      draw.fillStyle = paintOf(device);
      draw.fill();
    }
    if (devices.length > 1) {
      draw.strokeStyle = this.colours.muted;
      draw.lineWidth = 1.2;
      draw.stroke();
      let left = x + 6;
      for (const [one, members] of devices) {
        const part = ((width - 12) * members) / group.members.length;
        draw.fillStyle = paintOf(one);
        draw.fillRect(left, y + height - 8, part, 4);
        left += part;
      }
    }
    const ink = devices.length === 1 ? hueOf(device).ink : this.colours.text;
    if (group.kind !== 'node') this.paintToggle(draw, x + width, y, ink, '+');
    if (dim || this.scale < NAMED) {
      draw.globalAlpha = 1;
      return;
    }
    const { ops, nodes } = this.plan, node = group.kind === 'node';
    const lines = node ? [ops[nodes.op[group.node]], nodes.name[group.node]] : [group.label, ...this.secondLines(group)];
    const names = this.scale >= 0.6;
    const room = width - (node ? 12 : 20), x0 = node ? x + width / 2 : x + 12;
    draw.fillStyle = ink;
    draw.textAlign = node ? 'center' : 'left';
    draw.textBaseline = 'middle';
    draw.font = `600 ${names ? 11.5 : Math.min(20, 9.5 / this.scale)}px ${FONT}`;
    const middle = y + height / 2 - (devices.length > 1 ? 3 : 0);
    draw.fillText(fitText(draw, lines[0], room - (node ? 0 : TOGGLE - 6), !node && group.kind !== 'run'), x0, names ? middle - 6.5 : middle);
    if (names) {
      draw.font = `9.5px ${FONT}`;
      const second = lines.slice(1).find((one) => draw.measureText(one).width <= room) ?? fitText(draw, lines.at(-1), room, node);
      draw.fillText(second, x0, middle + 8.5);
    }
    draw.globalAlpha = 1;
  }

  // What is said of a group below its name, from the longest to the shortest.
  secondLines(group) {
    const found = this.found === null ? 0 : group.members.reduce((sum, node) => sum + (this.found.has(node) ? 1 : 0), 0);
    if (found > 0) return [`${found} of ${group.members.length} found`];
    const size = count(group.members.length, 'node');
    if (group.kind !== 'part') return [size];
    const part = this.plan.parts[group.part], { name } = this.plan.devices[part.device];
    const took = this.plan.timed ? ` · ${time(part.end_us - part.start_us)}` : '';
    return [`${name} · ${size}${took}`, `${name}${took}`, name];
  }

  titlesOf(group) {
    return [...this.secondLines(group).map((line) => `${group.label} · ${line}`), group.label];
  }

  // On the screen's own scale, each where it is free: titles of open boxes, and what goes between parts.
  paintLabels(draw, shown) {
    const taken = [], free = (box) => taken.every((other) => box.x > other.x + other.width || other.x > box.x + box.width ||
      box.y > other.y + other.height || other.y > box.y + box.height);
    const onScreen = ({ x, y, width, height }) => ({
      x: x * this.scale + this.left, y: y * this.scale + this.top, width: width * this.scale, height: height * this.scale,
    });
    draw.textAlign = 'left';
    draw.textBaseline = 'middle';
    for (const box of shown) {
      if (!box.open) {
        if (this.scale >= NAMED) taken.push(onScreen(box));
        continue;
      }
      const { x, y, width } = onScreen(box), head = BOX.head * this.scale;
      if (head < 9 && box.group.kind !== 'part') continue;
      const size = Math.max(10, Math.min(13, 12 * this.scale)), left = Math.max(x, 0) + 6;
      draw.font = `600 ${size}px ${FONT}`;
      const room = x + width - left - (this.scale >= 0.4 ? TOGGLE * this.scale + 6 : 4);
      const text = this.titlesOf(box.group).find((one) => draw.measureText(one).width <= room) ??
        fitText(draw, box.group.label, room);
      if (text === '') continue;
      // A title keeps in sight as long as its box is.
      const top = Math.min(Math.max(y, 0), y + box.height * this.scale - head - 4);
      const at = { x: left - 3, y: top + head / 2 - size / 2 - 2, width: draw.measureText(text).width + 6, height: size + 4 };
      if (!free(at)) continue;
      taken.push(at);
      if (head < size + 2 || top !== y) this.paintPill(draw, at);
      draw.fillStyle = this.colours.text;
      draw.fillText(text, left, top + head / 2 + 0.5);
    }
    if (this.scale < 0.45) return;
    draw.font = `600 10.5px ${FONT}`;
    for (const edge of this.layout.edges) {
      if (edge.kind === 'inside' || edge.edges.length === 0) continue;
      const text = this.bundleText(edge);
      if (text === '') continue;
      const width = draw.measureText(text).width + 8, at = this.placeOfLabel(edge, width, shown, free);
      if (at === null) continue;
      taken.push(at);
      this.paintPill(draw, at);
      draw.fillStyle = edge.kind === 'devices' ? this.colours.cut : this.colours.muted;
      draw.fillText(text, at.x + 4, at.y + 8.5);
    }
  }

  // Where a bundle's text may stand: on one of its stretches, the longest first, across no box; null: nowhere.
  placeOfLabel({ points }, width, shown, free) {
    const places = [];
    for (let i = 0; i + 1 < points.length; ++i) {
      const [a, b] = [points[i], points[i + 1]];
      if (a.y === b.y && Math.abs(a.x - b.x) * this.scale < width + 10) continue;  // it would hide the line
      places.push({
        long: Math.hypot(b.x - a.x, b.y - a.y), width, height: 16,
        x: ((a.x + b.x) / 2) * this.scale + this.left - width / 2, y: ((a.y + b.y) / 2) * this.scale + this.top - 8,
      });
    }
    const apart = (at) => shown.every((box) => {
      const [left, top] = [box.x * this.scale + this.left, box.y * this.scale + this.top];
      const [right, bottom] = [left + box.width * this.scale, top + box.height * this.scale];
      const outside = at.x > right || at.x + width < left || at.y > bottom || at.y + 16 < top;
      return outside || (box.open && at.x > left && at.x + width < right && at.y > top && at.y + 16 < bottom);
    });
    places.sort((a, b) => b.long - a.long);
    const possible = places.filter((at) => free(at) && at.x >= 0 && at.x + width <= this.width);
    return possible.find(apart) ?? null;
  }

  paintPill(draw, { x, y, width, height }) {
    draw.globalAlpha = 0.9;
    draw.fillStyle = this.colours.panel;
    draw.beginPath();
    draw.roundRect(x, y, width, height, 4);
    draw.fill();
    draw.globalAlpha = 1;
  }

  // What a bundle between parts carries.
  bundleText({ edges }) {
    const { plan } = this, tensors = new Set();
    let size = 0;
    for (const e of edges) {
      const from = plan.edges[e], to = plan.partOf[plan.edges[e + 1]];
      for (const cut of plan.cutsOf.get(from) ?? []) {
        if (!cut.to.includes(to) || tensors.has(cut)) continue;
        tensors.add(cut);
        size += cut.bytes;
      }
    }
    if (tensors.size === 0) return '';
    return tensors.size === 1 ? bytes(size) : `${tensors.size} tensors, ${bytes(size)}`;
  }

  // What goes from node to node: along the bundle that it is in, and from its ends on to the boxes.
  traceFlow(path, from, to, drawn) {
    const a = this.shownAs(from), b = this.shownAs(to);
    if (a === b) return;
    const [up, down] = [this.scopes.pathTo(from), this.scopes.pathTo(to)];
    const i = up.findIndex((group, depth) => group !== down[depth]);
    const edge = this.edgeBetween.get(up[i])?.get(down[i]);
    if (edge === undefined) return;
    if (!drawn.has(edge)) this.traceEdge(path, edge);
    drawn.add(edge);
    const link = (x0, y0, x1, y1) => {
      if (Math.hypot(x1 - x0, y1 - y0) < 1) return;
      const reach = Math.max(10, Math.min(Math.abs(y1 - y0) / 2, 60));
      path.moveTo(x0, y0);
      path.bezierCurveTo(x0, y0 + reach, x1, y1 - reach, x1, y1);
    };
    const [first, last] = [edge.points[0], edge.points.at(-1)];
    if (up[i] !== a.group) link(a.x + a.width / 2, a.y + a.height, first.x, first.y);
    if (down[i] !== b.group) link(last.x, last.y, b.x + b.width / 2, b.y);
  }

  paintSelection(draw) {
    if (this.selection?.kind !== 'node') return;
    const node = this.selection.index, box = this.shownAs(node), around = new Path2D(), drawn = new Set();
    for (const source of this.plan.sources.of(node)) this.traceFlow(around, source, node, drawn);
    for (const user of this.plan.users.of(node)) this.traceFlow(around, node, user, drawn);
    draw.strokeStyle = this.colours.select;
    draw.lineWidth = Math.max(1.6, 1.3 / this.scale);
    draw.stroke(around);
    draw.lineWidth = Math.max(2.5, 2 / this.scale);
    draw.beginPath();
    draw.roundRect(box.x - 2, box.y - 2, box.width + 4, box.height + 4, 7);
    draw.stroke();
  }
}

function paintLegend(plan) {
  const legend = document.getElementById('legend');
  plan.devices.forEach((device, index) => legend.append(chip(index, device.name)));
  if (plan.deviceOf.length > 0) {
    legend.append(element('span', { className: 'chip' },
      element('i', { style: { background: 'var(--cut)', height: '3px', width: '16px' } }), 'changes device'));
  }
}
