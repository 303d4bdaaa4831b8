// The graph: operators in the colour of their device, parts as boxes, tensors that change device in their own colour.

class GraphView extends ZoomCanvas {
  constructor(canvas, plan, onPick) {
    super(canvas, onPick);
    this.plan = plan;
    this.selection = null;
    this.found = null;  // a Set of nodes that a search has found, or null
    this.layout = layoutGraph(plan, Math.max(canvas.clientWidth, 300) / Math.max(canvas.clientHeight, 200));
    this.membersOf = plan.devices.map(() => []);
    plan.deviceOf.forEach((device, node) => this.membersOf[device].push(node));
    this.paths = this.edgePaths();
    this.start();
  }

  // Where an edge runs. Within a column it goes down, and around the operators that it passes.
  traceEdge(path, from, to) {
    const { x, y, column } = this.layout, half = NODE.height / 2;
    const [x0, y0, x1, y1] = [x[from], y[from] + half, x[to], y[to] - half];
    const near = column[from] === column[to], drop = y1 - y0;
    const reach = near ? Math.max(8, Math.min(drop / 2, 60)) : 46;
    const bow = near && drop > ROW && Math.abs(x1 - x0) < SLOT ? NODE.width * 0.66 + Math.min(drop / 30, 40) : 0;
    path.moveTo(x0, y0);
    path.bezierCurveTo(x0 + bow, y0 + reach, x1 + bow, y1 - reach, x1, y1);
  }

  edgePaths() {
    const paths = { inside: new Path2D(), parts: new Path2D(), devices: new Path2D() };
    const { edges, partOf, deviceOf } = this.plan;
    for (let e = 0; e < edges.length; e += 2) {
      const from = edges[e], to = edges[e + 1];
      const kind = partOf[from] === partOf[to] ? 'inside' : deviceOf[from] === deviceOf[to] ? 'parts' : 'devices';
      this.traceEdge(paths[kind], from, to);
    }
    return paths;
  }

  fit() {
    const { width, height } = this.layout, margin = 14;
    const head = 22;  // the titles of the uppermost boxes
    this.scale = Math.min((this.width - 2 * margin) / width, (this.height - 2 * margin - head) / height, 1.25);
    this.left = (this.width - width * this.scale) / 2;
    this.top = Math.max(margin + head, (this.height - height * this.scale) / 2);
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

  /** Brings a node to the middle, large enough to be read. */
  centre(node) {
    this.scale = Math.max(this.scale, 0.9);
    this.left = this.width / 2 - this.layout.x[node] * this.scale;
    this.top = this.height / 2 - this.layout.y[node] * this.scale;
    this.fitted = false;
  }

  hit(px, py) {
    const { x, y, boxes } = this.layout, wx = (px - this.left) / this.scale, wy = (py - this.top) / this.scale;
    for (let node = 0; node < this.plan.size; ++node) {
      if (Math.abs(x[node] - wx) > NODE.width / 2 || Math.abs(y[node] - wy) > NODE.height / 2) continue;
      return { kind: 'node', index: node };
    }
    const box = boxes.find((one) => wx >= one.x && wx <= one.x + one.width && wy >= one.y && wy <= one.y + one.height);
    return box === undefined ? null : { kind: 'part', index: box.part };
  }

  tipOf(item) {
    return describe(this.plan, item);
  }

  paint(draw) {
    const view = {
      left: -this.left / this.scale, right: (this.width - this.left) / this.scale,
      top: -this.top / this.scale, bottom: (this.height - this.top) / this.scale,
    };
    const size = this.sharp * this.scale;
    draw.setTransform(size, 0, 0, size, this.sharp * this.left, this.sharp * this.top);
    this.paintBoxes(draw, view);
    const line = Math.max(1.1, 0.7 / this.scale);
    const stroke = (path, colour, width, alpha) => {
      draw.globalAlpha = this.found === null ? alpha : alpha * 0.4;
      draw.strokeStyle = colour;
      draw.lineWidth = width;
      draw.stroke(path);
    };
    stroke(this.paths.inside, this.colours.edge, line, 0.75);
    stroke(this.paths.parts, this.colours.edgePart, line, 0.8);
    stroke(this.paths.devices, this.colours.cut, 1.6 * line, 0.8);
    draw.globalAlpha = 1;
    this.paintNodes(draw, view);
    this.paintSelection(draw);
  }

  paintBoxes(draw, view) {
    const { plan } = this, text = Math.min(Math.max(12, 11.5 / this.scale), 26);
    for (const box of this.layout.boxes) {
      if (box.x > view.right || box.x + box.width < view.left) continue;
      if (box.y - BOX.gap > view.bottom || box.y + box.height < view.top) continue;
      const part = plan.parts[box.part], chosen = this.selection?.kind === 'part' && this.selection.index === box.part;
      draw.beginPath();
      draw.roundRect(box.x, box.y, box.width, box.height, 8);
      draw.globalAlpha = 0.1;
      draw.fillStyle = hueOf(part.device).fill;
      draw.fill();
      draw.globalAlpha = chosen ? 1 : 0.75;
      draw.strokeStyle = chosen ? this.colours.select : hueOf(part.device).fill;
      draw.lineWidth = Math.max(chosen ? 3 : 1.2, (chosen ? 2.5 : 1) / this.scale);
      draw.stroke();
      draw.globalAlpha = 1;
      draw.font = `600 ${text}px ${FONT}`;
      draw.fillStyle = this.colours.text;
      draw.textBaseline = 'alphabetic';
      draw.textAlign = 'left';
      const took = plan.timed ? ` · ${time(part.end_us - part.start_us)}` : '';
      const short = `${part.label} · ${plan.devices[part.device].name}`;
      const titles = [`${short} · ${count(plan.nodesOf[box.part].length, 'node')}${took}`, short];
      const title = titles.find((one) => draw.measureText(one).width <= box.width) ??
        fitText(draw, part.label, box.width);
      draw.fillText(title, box.x + 2, box.y - 6);
    }
  }

  paintNodes(draw, view) {
    const { x, y } = this.layout, { plan } = this;
    const shown = (node) => x[node] + NODE.width > view.left && x[node] - NODE.width < view.right &&
      y[node] + NODE.height > view.top && y[node] - NODE.height < view.bottom;
    const labels = this.scale >= 0.34, names = this.scale >= 0.75;
    for (let device = 0; device < plan.devices.length; ++device) {
      for (const dim of this.found === null ? [false] : [true, false]) {
        draw.beginPath();
        const members = this.membersOf[device].filter((node) =>
          shown(node) && (this.found === null || this.found.has(node) !== dim));
        for (const node of members) {
          draw.roundRect(x[node] - NODE.width / 2, y[node] - NODE.height / 2, NODE.width, NODE.height, labels ? 5 : 0);
        }
        draw.globalAlpha = dim ? 0.22 : 1;
        draw.fillStyle = paintOf(device);
        draw.fill();
        if (labels && !dim) this.paintLabels(draw, members, hueOf(device).ink, names);
      }
    }
    draw.globalAlpha = 1;
  }

  paintLabels(draw, members, ink, names) {
    const { x, y } = this.layout, { nodes, ops } = this.plan, room = NODE.width - 10;
    draw.fillStyle = ink;
    draw.textAlign = 'center';
    draw.textBaseline = 'middle';
    draw.font = `600 ${names ? 11.5 : Math.min(20, 8.5 / this.scale)}px ${FONT}`;
    const raise = names ? 5 : 0;
    for (const node of members) draw.fillText(fitText(draw, ops[nodes.op[node]], room), x[node], y[node] - raise);
    if (!names) return;
    draw.font = `8.5px ${FONT}`;
    draw.globalAlpha = 0.9;
    for (const node of members) draw.fillText(fitText(draw, nodes.name[node], room, true), x[node], y[node] + 8);
    draw.globalAlpha = 1;
  }

  paintSelection(draw) {
    if (this.selection?.kind !== 'node') return;
    const { x, y } = this.layout, node = this.selection.index, around = new Path2D();
    for (const source of this.plan.sources.of(node)) this.traceEdge(around, source, node);
    for (const user of this.plan.users.of(node)) this.traceEdge(around, node, user);
    draw.strokeStyle = this.colours.select;
    draw.lineWidth = Math.max(2, 1.6 / this.scale);
    draw.stroke(around);
    draw.lineWidth = Math.max(3, 2.4 / this.scale);
    draw.beginPath();
    draw.roundRect(x[node] - NODE.width / 2 - 2, y[node] - NODE.height / 2 - 2, NODE.width + 4, NODE.height + 4, 6);
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
