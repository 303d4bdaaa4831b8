#!/usr/bin/env node
// Profiles a model, places it, runs the parts, corrects the costs and places again, until prediction and measurement agree.
import fs from 'node:fs';
import path from 'node:path';
import { helpText, parseArguments, parseDims } from './lib/arguments.mjs';
import { main, UserError } from './lib/errors.mjs';
import { readInputSpec } from './lib/inputs.mjs';
import { availableProviders, LEVELS, loadRuntime, runtimeOf } from './lib/onnxruntime.mjs';
import { profileModel } from './lib/profile_model.mjs';
import { readTarget } from './lib/target_file.mjs';
import { withTemporaryFolder } from './lib/temporary_folder.mjs';
import { progress, writeWhole } from './lib/text_output.mjs';
import { checkTunedFolder, HISTORY } from './lib/tuned_folder.mjs';
import { Tuning } from './lib/tuning.mjs';
import { tuningReport, tuningText } from './lib/tuning_report.mjs';

const FLAGS = {
  target: { kind: 'text', value: 'FILE|NAME', initial: 'host', help: 'the machine, such as host:cpus=1+1' },
  objective: { kind: 'choice', choices: ['latency', 'throughput'], initial: 'latency', help: 'time of one inference, or period of a steady stream' },
  o: { kind: 'text', value: 'DIR', help: 'write the chosen plan, its costs and the history into DIR' },
  rounds: { kind: 'integer', value: 'N', initial: 4, help: 'at most so many placements' },
  agree: { kind: 'number', value: 'X', initial: 0.05, help: 'prediction and measurement agree if they differ by this share' },
  seconds: { kind: 'number', value: 'X', initial: 3, help: 'time of each measurement' },
  costs: { kind: 'text', value: 'FILE', help: 'start from this table of allot-profile instead of a new profile' },
  opt: { kind: 'choice', choices: LEVELS, initial: 'all', help: 'graph optimisations of ONNX Runtime' },
  inputs: { kind: 'text', value: 'FILE', help: 'what is valid input (default: the model\'s side file NAME.inputs.json)' },
  dim: { kind: 'list', value: 'NAME=SIZE', help: 'size of a symbolic dimension' },
  'default-dim': { kind: 'integer', value: 'SIZE', initial: 1, help: 'size of every other open dimension' },
  pin: { kind: 'list', value: 'REGEX=DEVICE', help: 'as of allot' },
  forbid: { kind: 'list', value: 'REGEX=DEVICE', help: 'as of allot' },
  together: { kind: 'list', value: 'REGEX', help: 'as of allot' },
  replicas: { kind: 'choice', choices: ['yes', 'no'], initial: 'yes', help: 'whether placements may take turns in what is kept; no: copies of\nthe model are measured for comparison only' },
  work: { kind: 'integer', value: 'N', help: 'as of allot: work limit of the search' },
  seed: { kind: 'integer', value: 'N', least: 0, initial: 1, help: 'of the inputs' },
  json: { kind: 'flag', help: 'print the result as JSON' },
};

await main(async (argv) => {
  const flags = parseArguments(argv, FLAGS);
  if (flags.help) {
    process.stdout.write(helpText('allot tune MODEL --target=FILE|NAME --objective=latency|throughput [-o DIR]', 'Measures and places in turn, and keeps the best measured plan.', FLAGS));
    return 0;
  }
  if (flags.positional.length !== 1) throw new UserError(`${flags.positional.length === 0 ? 'no model given' : 'more than one model given'}; usage: allot tune MODEL --target=FILE|NAME`);
  const [model] = flags.positional;
  if (!fs.existsSync(model)) throw new UserError(`${model}: there is no such file`);
  if (flags.o) checkTunedFolder(flags.o, model);
  // The plan, the profile and the runs must be of the same sizes.
  const { file: spec, dims: sizes } = readInputSpec(model, flags.inputs), dims = { ...sizes, ...parseDims(flags.dim) };
  const target = await readTarget(flags.target);
  const providers = availableProviders(loadRuntime());
  const devices = target.devices.filter((device) => providers.includes(runtimeOf(device).provider));
  const absent = target.devices.filter((device) => !devices.includes(device)).map(({ name }) => name);
  if (devices.length === 0) throw new UserError(`--target=${flags.target}: this machine has none of its devices (ONNX Runtime has ${providers.join(', ')}); host describes this machine`);
  if (absent.length > 0) process.stderr.write(`not here, and left out: ${absent.join(', ')}\n`);
  const say = progress;
  const placeArguments = ['pin', 'forbid', 'together'].flatMap((name) => flags[name].flatMap((value) => [`--${name}`, value]))
    .concat(absent.flatMap((name) => ['--forbid', `.*=${name}`]))
    .concat(Object.entries(dims).flatMap(([name, size]) => ['--dim', `${name}=${size}`]),
      `--default-dim=${flags['default-dim']}`, `--replicas=${flags.replicas}`, flags.work ? `--work=${flags.work}` : []);

  const report = await withTemporaryFolder(async (folder) => {
    const costsFile = flags.costs ?? path.join(folder, 'profile.csv');
    if (!flags.costs) await profileModel({ model, target: flags.target, objective: flags.objective, output: costsFile, level: flags.opt, dims, defaultDim: flags['default-dim'], spec, seed: flags.seed, say });
    const tuning = new Tuning({
      model, objective: flags.objective, target: flags.target, devices, costsFile, folder, rounds: flags.rounds, agree: flags.agree,
      seconds: flags.seconds, replicas: flags.replicas === 'yes', placeArguments, say,
      run: { level: flags.opt, warmup: 3, distinct: 2, seed: flags.seed, dims, defaultDim: flags['default-dim'], spec },
    });
    await tuning.improve();
    await tuning.tryCopies();
    await tuning.measureSingles();
    const choice = await tuning.choose();
    const out = flags.o ?? path.join(folder, 'chosen');
    const result = tuningReport(tuning, choice, await tuning.write(choice, out));
    if (flags.o) writeWhole(path.join(out, HISTORY), JSON.stringify(result, null, 1) + '\n');
    return result;
  });
  progress('');
  process.stdout.write(flags.json ? JSON.stringify(report, null, 1) + '\n' : tuningText(report, flags.o));
  return 0;
});
