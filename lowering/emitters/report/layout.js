// Where boxes are drawn: the inside of every open group is laid out in layers by dagre, from the innermost outwards, and
// deep layouts run on in columns beside each other like a newspaper. Edges between the same two boxes are one.

const NODE = { width: 122, height: 36 }, CHIP = { width: 158, height: 42 };
const BOX = { pad: 12, head: 24 };
const GAP = { rank: 26, parts: 38, beside: 16, column: 44 };  // between parts, there is text

const sizeOf = (group) => (group.kind === 'node' ? NODE : CHIP);

// Edges of all open groups at once: for each, a map from a pair of its children to {from, to, edges}.
function bundles(plan, scopes, open) {
  const paths = [], found = new Map();
  for (let node = 0; node < plan.size; ++node) {
    const path = scopes.pathTo(node), closed = path.findIndex((group) => !open.has(group));
    paths.push(path.slice(0, closed + 1));
  }
  for (let e = 0; e < plan.edges.length; e += 2) {
    const a = paths[plan.edges[e]], b = paths[plan.edges[e + 1]];
    let i = 0;
    while (i < a.length && i < b.length && a[i] === b[i]) ++i;
    if (i === a.length || i === b.length) continue;  // within a closed group
    const inside = a[i].parent;
    if (!found.has(inside)) found.set(inside, new Map());
    const key = `${a[i].order} ${b[i].order}`, known = found.get(inside).get(key);
    if (known === undefined) found.get(inside).set(key, { from: a[i], to: b[i], edges: [e] });
    else known.edges.push(e);
  }
  return found;
}

// By dagre: {at: Map of group -> {x, y, width, height} with the corner above left, edges, width, height}.
function layers(items, sizes, edges, gap) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({
    rankdir: 'TB', ranksep: gap, nodesep: GAP.beside, edgesep: 8, marginx: 0, marginy: 0,
    ranker: items.length > 150 ? 'tight-tree' : 'network-simplex',
  });
  items.forEach((group, i) => graph.setNode(`${i}`, { width: sizes[i].width, height: sizes[i].height }));
  for (const edge of edges) graph.setEdge(`${edge.from.order}`, `${edge.to.order}`, { weight: Math.min(edge.edges.length, 4) });
  dagre.layout(graph);
  const at = new Map();
  items.forEach((group, i) => {
    const { x, y, width, height } = graph.node(`${i}`);
    at.set(group, { x: x - width / 2, y: y - height / 2, width, height });
  });
  for (const edge of edges) edge.points = graph.edge(`${edge.from.order}`, `${edge.to.order}`).points;
  const boxes = [...at.values()];
  const left = boxes.reduce((least, box) => Math.min(least, box.x), Infinity);
  const right = boxes.reduce((most, box) => Math.max(most, box.x + box.width), -Infinity);
  return { at, edges, left, width: right - left, height: boxes.reduce((most, box) => Math.max(most, box.y + box.height), 0) };
}

// The layers as rows from above: [{top, bottom, left, right, groups}].
function rowsOf(at) {
  const rows = [], sorted = [...at].sort((a, b) => a[1].y + a[1].height / 2 - b[1].y - b[1].height / 2);
  for (const [group, box] of sorted) {
    const middle = box.y + box.height / 2, row = rows[rows.length - 1];
    if (row !== undefined && Math.abs(row.middle - middle) < 2) {
      row.groups.push(group);
      row.top = Math.min(row.top, box.y);
      row.bottom = Math.max(row.bottom, box.y + box.height);
      row.left = Math.min(row.left, box.x);
      row.right = Math.max(row.right, box.x + box.width);
    } else {
      rows.push({ middle, top: box.y, bottom: box.y + box.height, left: box.x, right: box.x + box.width, groups: [group] });
    }
  }
  return rows;
}

// How many edges go on past the beginning of each row.
function crossings(rows, edges) {
  const rowOf = new Map(), change = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => row.groups.forEach((group) => rowOf.set(group, i)));
  for (const { from, to } of edges) {
    const [a, b] = [rowOf.get(from), rowOf.get(to)].sort((x, y) => x - y);
    ++change[a + 1];
    --change[b + 1];
  }
  for (let i = 1; i <= rows.length; ++i) change[i] += change[i - 1];
  return change;
}

// Splits rows into `count` columns of about the same height, where few edges go on: [[row, ...], ...].
function columnsOf(rows, crossing, count) {
  const columns = [], total = rows[rows.length - 1].bottom - rows[0].top;
  let begin = 0;
  for (let left = count; left > 1 && begin < rows.length - 1; --left) {
    const wanted = (rows[rows.length - 1].bottom - rows[begin].top) / left;
    let best = -1, cost = Infinity;
    for (let i = begin + 1; i < rows.length; ++i) {
      const off = Math.abs(rows[i].top - rows[begin].top - wanted);
      if (off > 0.3 * wanted + total * 0.02 && best >= 0) continue;
      const now = crossing[i] + (6 * off) / wanted;
      if (now < cost) [best, cost] = [i, now];
    }
    if (best < 0) break;
    columns.push(rows.slice(begin, best));
    begin = best;
  }
  columns.push(rows.slice(begin));
  return columns;
}

const extent = (rows) => ({
  left: rows.reduce((least, row) => Math.min(least, row.left), Infinity),
  right: rows.reduce((most, row) => Math.max(most, row.right), -Infinity),
  top: rows[0].top,
  bottom: rows.reduce((most, row) => Math.max(most, row.bottom), -Infinity),
});

// An edge from one column into another: through the gaps between rows and the gutters between columns, so that it passes
// no box. `columns`: [{x, width}], in the new places.
function aroundColumns(from, to, columns, a, b, lane) {
  const shift = 5 * (lane % 6), gutter = (column) => columns[column].x - GAP.column + 8 + shift;
  const x0 = from.x + from.width / 2, y0 = from.y + from.height, x1 = to.x + to.width / 2, y1 = to.y;
  const above = -12 - shift, out = y0 + 7 + shift / 3, into = y1 - 8 - shift / 3;
  const next = gutter(a + 1 < columns.length && a < b ? a + 1 : a), before = gutter(b);
  const points = [{ x: x0, y: y0 }, { x: x0, y: out }, { x: next, y: out }];
  if (next !== before) points.push({ x: next, y: above }, { x: before, y: above });
  points.push({ x: before, y: into }, { x: x1, y: into }, { x: x1, y: y1 });
  return points;
}

/** Puts a layout into columns; `cost(width, height)` says which number of them is best. */
function intoColumns(laid, cost) {
  const rows = rowsOf(laid.at), crossing = crossings(rows, laid.edges);
  let best = null;
  for (let count = 1; count <= Math.min(rows.length, 24); ++count) {
    const columns = columnsOf(rows, crossing, count);
    if (columns.length < count) break;
    const extents = columns.map(extent);
    const width = extents.reduce((sum, one) => sum + one.right - one.left, GAP.column * (columns.length - 1));
    const height = extents.reduce((most, one) => Math.max(most, one.bottom - one.top), 0);
    // Turning a corner costs the reader something.
    const now = cost(width, height) * (1 + 0.03 * (count - 1));
    if (best === null || now < best.cost) best = { cost: now, columns, extents, width, height };
  }
  const columnOf = new Map(), places = [];
  let x = 0;
  best.columns.forEach((column, i) => {
    const { left, right, top } = best.extents[i];
    places.push({ x, width: right - left });
    for (const row of column) {
      for (const group of row.groups) {
        const box = laid.at.get(group);
        columnOf.set(group, i);
        box.x += x - left;
        box.y -= top;
      }
    }
    x += right - left + GAP.column;
  });
  let lane = 0, across = 0;
  for (const edge of laid.edges) {
    const a = columnOf.get(edge.from), b = columnOf.get(edge.to);
    if (a === b) {
      const { left, top } = best.extents[a];
      edge.points = edge.points.map((point) => ({ x: point.x + places[a].x - left, y: point.y - top }));
      edge.bent = false;
    } else {
      edge.points = aroundColumns(laid.at.get(edge.from), laid.at.get(edge.to), places, a, b, lane++);
      edge.bent = true;
      if (Math.abs(a - b) > 1 || b < a) ++across;
    }
  }
  // Edges over the columns need room there; those back into the first column a gutter before it.
  const bent = laid.edges.filter((edge) => edge.bent);
  const head = across > 0 ? 44 : bent.length > 0 ? 18 : 0;
  const back = bent.some((edge) => columnOf.get(edge.to) === 0) ? GAP.column : 0;
  for (const box of laid.at.values()) { box.x += back; box.y += head; }
  for (const edge of laid.edges) edge.points = edge.points.map((point) => ({ x: point.x + back, y: point.y + head }));
  return { width: best.width + back, height: best.height + head };
}

// What an edge between columns or layers is told apart by: within a part, between parts, between devices.
function kindOf(plan, edges) {
  let kind = 'inside';
  for (const e of edges) {
    const from = plan.edges[e], to = plan.edges[e + 1];
    if (plan.deviceOf[from] !== plan.deviceOf[to]) return 'devices';
    if (plan.partOf[from] !== plan.partOf[to]) kind = 'parts';
  }
  return kind;
}

/**
 * Places what is shown if the groups in `open` are, for a view of the given shape (width / height):
 * {boxes: [{group, open, x, y, width, height}] from the outermost inwards, edges: [{from, to, edges, points, bent, kind}],
 * width, height}.
 */
function layoutGraph(plan, scopes, open, shape) {
  const bundled = bundles(plan, scopes, open);
  // The inside of a group, in its own coordinates.
  const inside = (group, cost) => {
    const items = group.children, edges = [...(bundled.get(group)?.values() ?? [])];
    const nested = items.map((child) => (open.has(child) ? inside(child, wide) : null));
    const sizes = items.map((child, i) => (nested[i] === null ? sizeOf(child) :
      { width: Math.max(nested[i].width + 2 * BOX.pad, CHIP.width), height: nested[i].height + BOX.pad + BOX.head }));
    const laid = layers(items, sizes, edges, group.parent === null ? GAP.parts : GAP.rank);
    return { ...intoColumns(laid, cost), laid, nested };
  };
  const wide = (width, height) => Math.max(width / 1.5, height, 500);
  const boxes = [], edges = [];
  const place = (group, { laid, nested }, x, y) => {
    for (const edge of laid.edges) {
      edges.push({ ...edge, kind: kindOf(plan, edge.edges), points: edge.points.map((point) => ({ x: point.x + x, y: point.y + y })) });
    }
    group.children.forEach((child, i) => {
      const box = laid.at.get(child), [left, top] = [box.x + x, box.y + y];
      boxes.push({ group: child, open: nested[i] !== null, x: left, y: top, width: box.width, height: box.height });
      if (nested[i] === null) return;
      place(child, nested[i], left + (box.width - nested[i].width) / 2, top + BOX.head);
    });
  };
  if (plan.size === 0) return { boxes, edges, width: 1, height: 1 };
  const all = inside(scopes.root, (width, height) => Math.max(width / shape, height));
  place(scopes.root, all, 0, 0);
  return { boxes, edges, width: all.width, height: all.height };
}
