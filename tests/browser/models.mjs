// Models for reports, and their reports.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { onnxModel } from './onnx_bytes.mjs';

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

/** A decoder of `layers` layers, about 97 operators in each, named by scopes as exporters do; 64 x 64 tensors. */
export function decoderModel(layers) {
  const nodes = [], weights = [];
  const add = (name, op, ...inputs) => {
    nodes.push({ op, name: `/model/${name}/${op}`, inputs, outputs: [`${name}.${nodes.length}`] });
    return nodes.at(-1).outputs[0];
  };
  const weight = (name) => {
    weights.push([`${name}.weight`, 64, 64]);
    return `${name}.weight`;
  };
  const project = (scope, input) => add(scope, 'MatMul', input, weight(scope));
  const norm = (scope, input) => {
    const scale = add(scope, 'Div', input, add(scope, 'Sqrt', add(scope, 'Abs', add(scope, 'Mul', input, input))));
    return add(scope, 'Mul', scale, weight(scope));
  };
  const rotate = (scope, input) => add(scope, 'Add', add(scope, 'Mul', input, 'cos'), add(scope, 'Mul', add(scope, 'Neg', input), 'sin'));
  weights.push(['cos', 64, 64], ['sin', 64, 64]);
  let hidden = 'x';
  for (let layer = 0; layer < layers; ++layer) {
    const at = `layers.${layer}`, attention = `${at}/self_attn`, normal = norm(`${at}/input_layernorm`, hidden);
    const [q, k] = ['q', 'k'].map((name) => rotate(`${attention}/rotary_${name}`, project(`${attention}/${name}_proj`, normal)));
    const v = project(`${attention}/v_proj`, normal), heads = [];
    for (let head = 0; head < 12; ++head) {
      const scope = `${attention}/heads.${head}`;
      const scores = add(scope, 'Add', add(scope, 'Mul', add(scope, 'MatMul', q, add(scope, 'Transpose', k)), 'cos'), 'mask');
      heads.push(add(scope, 'MatMul', add(scope, 'Softmax', scores), v));
    }
    hidden = add(`${attention}/residual`, 'Add', hidden, project(`${attention}/o_proj`, add(`${attention}/merge`, 'Sum', ...heads)));
    const inner = norm(`${at}/post_attention_layernorm`, hidden), gate = project(`${at}/mlp/gate_proj`, inner);
    const active = add(`${at}/mlp/act_fn`, 'Mul', gate, add(`${at}/mlp/act_fn`, 'Sigmoid', gate));
    const wide = add(`${at}/mlp`, 'Mul', active, project(`${at}/mlp/up_proj`, inner));
    hidden = add(`${at}/residual`, 'Add', hidden, project(`${at}/mlp/down_proj`, wide));
  }
  hidden = project('lm_head', norm('norm', hidden));
  return onnxModel({ nodes, weights, inputs: [['x', 64, 64], ['mask', 64, 64]], outputs: [[hidden, 64, 64]] });
}
