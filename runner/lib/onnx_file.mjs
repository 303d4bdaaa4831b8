// The graph of an ONNX file: which nodes there are and what joins them. Weights stay in the file.
import { ProtobufReader } from './protobuf_reader.mjs';

// Field numbers of onnx.proto.
const MODEL = { graph: 7 };
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, sparseInitializer: 15 };
const NODE = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 };
const ATTRIBUTE = { graph: 6, graphs: 11 };
const TENSOR_NAME = 8, SPARSE_VALUES = 1, VALUE_NAME = 1;

// Deeper nesting is no model but a damaged or hostile file.
const MAX_DEPTH = 64;

/**
 * Reads the graph of a model: {nodes, inputs, outputs, initializers}, the last three as names.
 * A node is {name, opType, domain, inputs, outputs, captures, hasBodies}: an absent input or output is '', `captures`
 * are the outer tensors that its bodies use. Throws a UserError if the file is damaged. Time: linear in nodes.
 */
export function readOnnxFile(path) {
  const reader = new ProtobufReader(path);
  try {
    let graph;
    for (const field of reader.fields(0, reader.size)) {
      if (field.number === MODEL.graph) graph = readGraph(reader, field, 0);
    }
    if (graph === undefined) throw reader.damaged(reader.size, 'no graph before the end');
    return graph;
  } finally {
    reader.close();
  }
}

function readGraph(reader, field, depth) {
  if (depth > MAX_DEPTH) throw reader.damaged(field.start, `bodies are nested more than ${MAX_DEPTH} deep`);
  const graph = { nodes: [], inputs: [], outputs: [], initializers: [] };
  for (const part of reader.message(field)) {
    if (part.number === GRAPH.node) graph.nodes.push(readNode(reader, part, depth));
    else if (part.number === GRAPH.input) graph.inputs.push(nameIn(reader, part, VALUE_NAME));
    else if (part.number === GRAPH.output) graph.outputs.push(nameIn(reader, part, VALUE_NAME));
    else if (part.number === GRAPH.initializer) graph.initializers.push(nameIn(reader, part, TENSOR_NAME));
    else if (part.number === GRAPH.sparseInitializer) {
      for (const inner of reader.message(part)) {
        if (inner.number === SPARSE_VALUES) graph.initializers.push(nameIn(reader, inner, TENSOR_NAME));
      }
    }
  }
  return graph;
}

function readNode(reader, field, depth) {
  const node = { name: '', opType: '', domain: '', inputs: [], outputs: [], captures: [], hasBodies: false };
  const captures = new Set();
  for (const part of reader.message(field)) {
    if (part.number === NODE.input) node.inputs.push(reader.text(part));
    else if (part.number === NODE.output) node.outputs.push(reader.text(part));
    else if (part.number === NODE.name) node.name = reader.text(part);
    else if (part.number === NODE.opType) node.opType = reader.text(part);
    else if (part.number === NODE.domain) node.domain = reader.text(part);
    else if (part.number === NODE.attribute) {
      for (const inner of reader.message(part)) {
        if (inner.number !== ATTRIBUTE.graph && inner.number !== ATTRIBUTE.graphs) continue;
        node.hasBodies = true;
        for (const name of freeNames(readGraph(reader, inner, depth + 1))) captures.add(name);
      }
    }
  }
  node.captures = [...captures];
  return node;
}

// The tensors that a body uses and does not define.
function freeNames(body) {
  const defined = new Set([...body.inputs, ...body.initializers, ...body.nodes.flatMap((node) => node.outputs)]);
  const used = [...body.nodes.flatMap((node) => [...node.inputs, ...node.captures]), ...body.outputs];
  return used.filter((name) => name !== '' && !defined.has(name));
}

function nameIn(reader, field, number) {
  let name = '';
  for (const part of reader.message(field)) if (part.number === number) name = reader.text(part);
  return name;
}

/** What the planner calls a node: its name, or operator and index of one without a name. */
export function nodeLabel(node, index) {
  return node.name !== '' ? node.name : `${node.opType}#${index}`;
}
