// Where nodes and parts are drawn. Each part is a box with its operators in layers, each layer as a row; rows and boxes
// run down like the columns of a newspaper, so that deep models fill the width. Near-linear in nodes and edges.

const NODE = { width: 118, height: 30, gapX: 14, gapY: 20 };
const BOX = { pad: 12, gap: 36 };  // titles stand in the gaps
const ROW = NODE.height + NODE.gapY, SLOT = NODE.width + NODE.gapX, COLUMN_GAP = 2 * NODE.gapX;

/** The layer of every node within its part: the longest way from a node without sources there. */
function layersOf(plan) {
  const layer = new Int32Array(plan.size);
  for (let node = 0; node < plan.size; ++node) {
    for (const source of plan.sources.of(node)) {
      if (plan.partOf[source] === plan.partOf[node]) layer[node] = Math.max(layer[node], layer[source] + 1);
    }
  }
  // What waits for nothing stands right above what needs it.
  for (let node = plan.size - 1; node >= 0; --node) {
    if (layer[node] > 0) continue;
    let least = Infinity;
    for (const user of plan.users.of(node)) {
      if (plan.partOf[user] === plan.partOf[node]) least = Math.min(least, layer[user]);
    }
    if (least !== Infinity) layer[node] = least - 1;
  }
  return layer;
}

// Mean of `at` over those neighbours of `node` that are in its part; `otherwise` without any.
function meanOf(plan, neighbour, at, node, otherwise) {
  let sum = 0, found = 0;
  for (const other of neighbour.of(node)) {
    if (plan.partOf[other] !== plan.partOf[node]) continue;
    sum += at[other];
    ++found;
  }
  return found > 0 ? sum / found : otherwise;
}

// Positions of a row as near as possible to `wanted` (least squares) but a slot apart: pools of nodes that touch.
function spread(row, wanted, at) {
  const pools = [];
  row.forEach((node, i) => {
    pools.push({ mean: wanted[i] - i * SLOT, count: 1 });
    while (pools.length > 1 && pools[pools.length - 2].mean > pools[pools.length - 1].mean) {
      const b = pools.pop(), a = pools.pop(), both = a.count + b.count;
      pools.push({ mean: (a.mean * a.count + b.mean * b.count) / both, count: both });
    }
  });
  let i = 0;
  for (const { mean, count: size } of pools) for (let k = 0; k < size; ++k, ++i) at[row[i]] = mean + i * SLOT;
}

/** The rows of a part, each with its nodes from left to right; `at` becomes their x, around 0. */
function rowsOf(plan, members, layer, at) {
  const layers = [];
  const least = members.reduce((a, node) => Math.min(a, layer[node]), Infinity);
  for (const node of members) (layers[layer[node] - least] ??= []).push(node);
  const filled = layers.filter((row) => row !== undefined);
  const centre = (row) => row.forEach((node, i) => { at[node] = (i - (row.length - 1) / 2) * SLOT; });
  filled.forEach(centre);
  const sweep = (row, neighbour) => {
    const wish = new Map(row.map((node) => [node, meanOf(plan, neighbour, at, node, at[node])]));
    row.sort((a, b) => wish.get(a) - wish.get(b) || a - b);
    centre(row);
  };
  for (let round = 0; round < 3; ++round) {
    for (let i = 1; i < filled.length; ++i) sweep(filled[i], plan.sources);
    for (let i = filled.length - 2; i >= 0; --i) sweep(filled[i], plan.users);
  }
  // A row that is much too wide goes on in the next.
  const most = Math.min(28, Math.max(6, Math.ceil(1.5 * Math.sqrt(members.length))));
  const rows = [];
  for (const row of filled) for (let i = 0; i < row.length; i += most) rows.push(row.slice(i, i + most));
  rows.forEach(centre);
  for (let round = 0; round < 2; ++round) {
    const align = (row, neighbour) => spread(row, row.map((node) => meanOf(plan, neighbour, at, node, at[node])), at);
    for (let i = 1; i < rows.length; ++i) align(rows[i], plan.sources);
    for (let i = rows.length - 2; i >= 0; --i) align(rows[i], plan.users);
  }
  return rows;
}

// How many tensors of the part go on past the beginning of each row.
function crossings(plan, rows) {
  const rowOf = new Map(), change = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => row.forEach((node) => rowOf.set(node, i)));
  for (const [node, row] of rowOf) {
    let last = row;
    for (const user of plan.users.of(node)) last = Math.max(last, rowOf.get(user) ?? row);
    if (last === row) continue;
    ++change[row + 1];
    if (last < rows.length) --change[last + 1];
  }
  for (let i = 1; i <= rows.length; ++i) change[i] += change[i - 1];
  return change;
}

// Splits rows into columns of at most `most` rows and about as long as each other, where few tensors go on.
function columnsOf(rows, crossing, most) {
  const columns = [];
  let begin = 0;
  for (let left = Math.ceil(rows.length / most); left > 1; --left) {
    const length = (rows.length - begin) / left, latest = Math.min(begin + most, rows.length - 1);
    let best = Math.min(begin + Math.round(length), latest);
    for (let i = Math.max(begin + 1, Math.floor(begin + length * 0.8)); i <= latest; ++i) {
      if (crossing[i] < crossing[best]) best = i;
    }
    // What is left must fit into the columns that are left.
    if (rows.length - best > (left - 1) * most) best = Math.max(best, rows.length - (left - 1) * most);
    columns.push(rows.slice(begin, best));
    begin = best;
  }
  columns.push(rows.slice(begin));
  return columns;
}

function extent(column, at) {
  let left = Infinity, right = -Infinity;
  for (const row of column) {
    left = Math.min(left, at[row[0]] - NODE.width / 2);
    right = Math.max(right, at[row[row.length - 1]] + NODE.width / 2);
  }
  return { left, right };
}

// All boxes in columns no higher than `height` where they can be: [{part, x, y, width, height, columns}].
function pack(parts, at, height) {
  const boxes = [], most = Math.max(1, Math.floor((height - 2 * BOX.pad) / ROW));
  let x = 0, y = 0, columnWidth = 0, total = 0;
  for (const { part, rows, crossing } of parts) {
    const columns = columnsOf(rows, crossing, most).map((column) => ({ rows: column, ...extent(column, at) }));
    const inside = columns.reduce((sum, { left, right }) => sum + right - left + COLUMN_GAP, 0) - COLUMN_GAP;
    const longest = columns.reduce((long, column) => Math.max(long, column.rows.length), 0);
    const width = Math.max(inside + 2 * BOX.pad, 150), tall = longest * ROW - NODE.gapY + 2 * BOX.pad;
    if (y > 0 && y + tall > height) {
      x += columnWidth + BOX.gap;
      y = columnWidth = 0;
    }
    boxes.push({ part, x, y, width, height: tall, columns });
    columnWidth = Math.max(columnWidth, width);
    total = Math.max(total, y + tall);
    y += tall + BOX.gap;
  }
  return { boxes, width: x + columnWidth, height: total };
}

/**
 * Places the graph for a view of the given shape (width / height): {x, y} of each node's centre, its column, boxes of
 * the parts, and the size of it all.
 */
function layoutGraph(plan, shape) {
  const at = new Float64Array(plan.size), layer = layersOf(plan);
  const parts = plan.parts.map((_, part) => part).filter((part) => plan.nodesOf[part].length > 0)
    .map((part) => {
      const found = rowsOf(plan, plan.nodesOf[part], layer, at);
      return { part, rows: found, crossing: crossings(plan, found) };
    });
  const rows = parts.reduce((sum, part) => sum + part.rows.length, 0);
  let best = null;
  for (let height = 300; height < 1.5 * rows * ROW + 600; height *= 1.12) {
    const packed = pack(parts, at, height);
    const scale = Math.min(shape / Math.max(packed.width, 1), 1 / Math.max(packed.height, 1));
    if (best === null || scale > best.scale) best = { ...packed, scale };
  }
  const x = new Float64Array(plan.size), y = new Float64Array(plan.size);
  const column = new Int32Array(plan.size);
  let next = 0;
  for (const box of best?.boxes ?? []) {
    let left = box.x + BOX.pad;
    for (const part of box.columns) {
      ++next;
      part.rows.forEach((row, i) => {
        for (const node of row) {
          x[node] = left + at[node] - part.left;
          y[node] = box.y + BOX.pad + NODE.height / 2 + i * ROW;
          column[node] = next;
        }
      });
      left += part.right - part.left + COLUMN_GAP;
    }
    delete box.columns;
  }
  return { x, y, column, boxes: best?.boxes ?? [], width: best?.width ?? 1, height: best?.height ?? 1 };
}
