// What a profile found, as rows and comments of a table of costs and as plain data.
import path from 'node:path';

// A scale beyond these says that the machine changed its pace between the runs with and those without a profile.
const SLOWER = 1.5, FASTER = 1 / SLOWER;

/**
 * `found`: {target, original, measured: [{devices, result}], a result of measureOperators() for devices that are alike,
 * absent: [{devices, why}], pool: of measurePool(), for all devices}. Returns {rows, comments, report}, in microseconds.
 */
export function profileTable(found, { model, level, objective, dims, defaultDim }) {
  const { target, original, measured, absent, pool } = found;
  const name = path.basename(model);
  const comments = [`measured times of ${name} on target ${target.name}, ONNX Runtime at level ${level}`];
  const sizes = Object.entries(dims).map(([dim, size]) => `${dim}=${size}`);
  const rest = `all ${sizes.length > 0 ? 'others' : 'of them'} ${defaultDim}`;
  comments.push(`open dimensions: ${[...sizes, rest].join(', ')}`);
  const rows = [];
  for (const { devices, result } of measured) {
    comments.push(...describeOperators(devices, result));
    const operators = operatorRows(result);
    for (const device of devices) for (const row of operators) rows.push({ what: 'op', device, ...row });
  }
  for (const { devices, why } of absent) comments.push(`not measured: ${devices.join(', ')}: ${why}`);
  for (const { device, alone, streamed } of pool.launches) {
    const inStream = objective === 'throughput';
    comments.push(`device ${device}: launching a part takes ${us(alone)} alone, ${us(streamed)} in a stream; ` +
      `the row holds the ${inStream ? 'second' : 'first'}`);
    rows.push({ what: 'launch', device, time_us: inStream ? streamed : alone });
  }
  for (const { device, to, bytes, time } of pool.transfers) {
    rows.push({ what: 'transfer', device, to, bytes, time_us: time });
  }
  const report = {
    model: name, target: target.name, level, dims, default_dim: defaultDim,
    nodes: original.nodes.length,
    measured: measured.map(({ devices, result }) => figures(devices, result)), absent,
    launches: pool.launches.map(({ device, alone, streamed }) => ({ device, alone_us: alone, streamed_us: streamed })),
    transfers: pool.transfers.map(({ device, to, bytes, time }) => ({ from: device, to, bytes, time_us: time })),
  };
  return { rows, comments, report };
}

const us = (time) => `${Number(time.toFixed(2))} us`;
const percent = (share) => `${(share * 100).toFixed(1)} %`;
const isDoubtful = ({ scale }) => scale > SLOWER || scale < FASTER;

function describeOperators(devices, result) {
  const { spread } = result;
  const who = devices.length === 1 ? `device ${devices[0]}`
    : `devices ${devices.join(', ')} (alike; ${devices[0]} was measured)`;
  const worst = spread.worstNode === '' ? '' : ` at ${spread.worstNode}`;
  const lines = [
    `${who}: the whole model takes ${us(result.whole)} (median of ${result.runs} runs, ` +
      `spread ${percent(spread.whole)}), of which ${us(result.fixed)} are the fixed cost of a run`,
    `${who}: times of ${result.kernels} kernels, ${us(result.profiled)} in the profile less ${us(result.overhead)} ` +
      `for each that profiling costs, were scaled by ${result.scale.toFixed(4)}; spread of the kernels that make up ` +
      `90 % of the time: median ${percent(spread.median)}, worst ${percent(spread.worst)}${worst}`,
  ];
  if (isDoubtful(result)) {
    lines.push(`${who}: the scale is far from 1: the machine was busy, measure again when it is not`);
  }
  return lines;
}

// Rows as the planner finds nodes, by name: nodes that share a name share one row, the mean of them.
function operatorRows({ rows }) {
  const byLabel = new Map();
  for (const { label, time, into } of rows) {
    const target = into >= 0 && rows[into].label !== label ? rows[into].label : '';
    const same = byLabel.get(label);
    if (same === undefined) {
      byLabel.set(label, { label, time, target, count: 1 });
    } else {
      same.time += time;
      ++same.count;
      if (same.target !== target) same.target = '';
    }
  }
  return [...byLabel.values()].map(({ label, time, target, count }) => (
    { node: label, time_us: time / count, fused_into: time > 0 ? '' : target }));
}

function figures(devices, result) {
  const count = (status) => result.rows.filter((row) => row.status === status).length;
  const { whole, median, worst, worstNode } = result.spread;
  return {
    devices, runs: result.runs, whole_us: result.whole, fixed_us: result.fixed, kernel_us: result.least,
    overhead_us: result.overhead, profiled_us: result.profiled, scale: result.scale, doubtful: isDoubtful(result),
    kernels: result.kernels, spread: { whole, median, worst, worst_node: worstNode },
    nodes: { measured: count('kernel'), fused: count('fused'), folded: count('folded') },
    attribution: result.clues, providers: result.providers,
  };
}
