#!/usr/bin/env node
// Measures the operators of a model on the devices of a target, for `allot --costs`.
import { helpText, parseArguments, parseDims } from './lib/arguments.mjs';
import { main, UserError } from './lib/errors.mjs';
import { LEVELS } from './lib/onnxruntime.mjs';
import { profileModel } from './lib/profile_model.mjs';
import { duration, percent, progress, table } from './lib/text_output.mjs';

const USAGE = 'allot-profile MODEL --target=FILE|NAME [-o COSTS.csv] [options]';
const SUMMARY = 'Measures the operators of a model in ONNX Runtime on the devices of a target that this machine has.';

const FLAGS = {
  target: {
    kind: 'text', value: 'FILE|NAME', initial: 'host',
    help: 'the machine; devices that are not here get no rows',
  },
  o: {
    kind: 'text', value: 'COSTS.csv',
    help: 'the table to write, for allot --costs; without it only the summary is printed',
  },
  opt: {
    kind: 'choice', choices: LEVELS, initial: 'all',
    help: 'graph optimisations of ONNX Runtime: the level that parts will run at',
  },
  repeats: {
    kind: 'integer', value: 'N',
    help: 'runs that are measured (default: as many as take a second, at least 10)',
  },
  each: { kind: 'flag', help: 'measure every device, also those that are alike' },
  objective: {
    kind: 'choice', choices: ['latency', 'throughput'], initial: 'latency',
    help: 'what launching a part counts as: its round trip, or how long it keeps a device\nbusy in a stream',
  },
  inputs: {
    kind: 'text', value: 'FILE|DIR',
    help: 'what is valid input (NAME.inputs.json), or a folder with tensors and an\n' +
      'index.json (default: the model\'s side file, else random values)',
  },
  dim: { kind: 'list', value: 'NAME=SIZE', help: 'size of a symbolic dimension' },
  'default-dim': { kind: 'integer', value: 'SIZE', initial: 1, help: 'size of every other open dimension' },
  seed: { kind: 'integer', value: 'N', least: 0, initial: 1, help: 'of the inputs' },
  json: { kind: 'flag', help: 'print the summary as JSON' },
};

function textReport(report) {
  const devices = report.measured.map(({ devices: names, runs, kernels, nodes, ...group }) => [names.join(','),
    duration(group.whole_us), percent(group.spread.whole), runs, kernels, nodes.measured, nodes.fused, nodes.folded]);
  const launches = report.launches.map((launch) => (
    [launch.device, duration(launch.alone_us), duration(launch.streamed_us)]));
  const transfers = report.transfers.map((transfer) => (
    [`${transfer.from} to ${transfer.to}`, transfer.bytes, duration(transfer.time_us)]));
  let text = `${report.model} on ${report.target}, level ${report.level}: ${report.nodes} nodes\n\n`;
  text += table([['device', 'whole model', 'spread', 'runs', 'kernels', 'measured', 'fused', 'folded'], ...devices]);
  text += '\n' + table([['launch', 'alone', 'in a stream'], ...launches]);
  if (transfers.length > 0) text += '\n' + table([['transfer', 'bytes', 'time'], ...transfers]);
  return text;
}

await main(async (argv) => {
  const flags = parseArguments(argv, FLAGS);
  if (flags.help) {
    process.stdout.write(helpText(USAGE, SUMMARY, FLAGS));
    return 0;
  }
  if (flags.positional.length !== 1) {
    throw new UserError(`${flags.positional.length === 0 ? 'no model' : 'more than one model'} given; usage: ${USAGE}`);
  }
  const report = await profileModel({
    model: flags.positional[0], target: flags.target, output: flags.o, level: flags.opt, repeats: flags.repeats,
    seed: flags.seed, each: flags.each, objective: flags.objective, dims: parseDims(flags.dim),
    defaultDim: flags['default-dim'], say: progress,
    ...(flags.inputs?.endsWith('.json') ? { spec: flags.inputs } : { feeds: flags.inputs }),
  });
  progress('');
  for (const { devices, why } of report.absent) process.stderr.write(`not measured: ${devices.join(', ')}: ${why}\n`);
  for (const { devices, doubtful } of report.measured) {
    if (!doubtful) continue;
    process.stderr.write(`warning: the machine was busy while ${devices[0]} was measured; measure again\n`);
  }
  process.stdout.write(flags.json ? JSON.stringify(report, null, 1) + '\n' : textReport(report));
  return 0;
});
