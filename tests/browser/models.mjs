// Models for reports, and their reports.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { onnxModel } from '../run/onnx_bytes.mjs';

const ALLOT = process.env.ALLOT ?? 'build/allot';
const BRANCHES = 4, STEPS = 6, BLOCK = BRANCHES * STEPS + 1;

/** A model of `nodes` operators: blocks of four branches that meet; `name(node, block)` names them. */
export function branchingModel(nodes, name = (node, block) => `block${block}/node${node}`) {
  const made = [];
  let input = 'x';
  const add = (op, inputs, output) => {
    made.push({ op, name: name(made.length, Math.floor(made.length / BLOCK)), inputs, outputs: [output] });
    return output;
  };
  const types = ['Relu', 'Sigmoid', 'Tanh', 'Neg'];
  while (made.length + BLOCK <= nodes) {
    const block = made.length, ends = [];
    for (let branch = 0; branch < BRANCHES; ++branch) {
      let tensor = input;
      for (let step = 0; step < STEPS; ++step) tensor = add(types[(branch + step) % 4], [tensor], `b${block}_${branch}_${step}`);
      ends.push(tensor);
    }
    input = add('Sum', ends, `b${block}`);
  }
  while (made.length < nodes) input = add('Relu', [input], `t${made.length}`);
  return onnxModel({ nodes: made, inputs: [['x', 64, 64]], outputs: [[input, 64, 64]] });
}

/** Places a model and returns its report's path. `options` are those of allot. */
export function reportOf(scratch, name, bytes, ...options) {
  const model = path.join(scratch, `${name}.onnx`), out = path.join(scratch, name);
  fs.writeFileSync(model, bytes);
  execFileSync(ALLOT, [model, '--target=cpu-2gpu', '--work=200000', '--quiet', '-o', out, ...options]);
  return path.join(out, 'model.report.html');
}
