// The single-file route: model.annotated.onnx in one session with the manifest's options, and where each node ran.
import fs from 'node:fs';
import path from 'node:path';
import { UserError } from './errors.mjs';
import { readJson } from './inputs.mjs';
import { checkIntegrity } from './manifest.mjs';
import { nodeLabel, readOnnxFile } from './onnx_file.mjs';
import { availableProviders, loadRuntime } from './onnxruntime.mjs';
import { makeInputSets } from './plan_run.mjs';
import { readProfile } from './profile_events.mjs';
import { shareInputs } from './shared_inputs.mjs';
import { withTemporaryFolder } from './temporary_folder.mjs';
import { table } from './text_output.mjs';
import { withWorkers } from './workers.mjs';

const FILE = 'model.annotated.onnx';

// Node -> execution provider, from the profile of one run: what ran, not what was asked for.
function providersOf(file) {
  const [run] = readProfile(fs.readFileSync(file, 'utf8'), file);
  return new Map((run ?? []).flatMap(({ name, raw = name, provider }) => [[name, provider], [raw, provider]]));
}

// What ONNX Runtime calls the nodes of a model, by what we call them. One without a name is called by operator and place,
// where constants, which it turns into weights as it loads, do not count.
function runtimeNames(file) {
  const names = new Map();
  let place = 0;
  readOnnxFile(file).nodes.forEach((node, index) => {
    if (node.opType === 'Constant') return;
    names.set(nodeLabel(node, index), node.name || `${node.opType}_${place}`);
    ++place;
  });
  return names;
}

// Runs the model once in a worker, which a crash of a provider then ends and not us, with graph optimisations off, so
// that nodes keep their names.
function profiledRun(manifest, file, providers, options) {
  return withTemporaryFolder((folder) => runIn(folder, manifest, file, providers, options));
}

function runIn(folder, manifest, file, providers, options) {
  const session = {
    executionProviders: [...providers.filter((provider) => provider !== 'cpu'), 'cpu'], graphOptimizationLevel: 'disabled', logSeverityLevel: 4,
    enableProfiling: true, profileFilePrefix: path.join(folder, 'profile'), extra: manifest.onnxruntime?.session_options ?? {},
  };
  const [set] = makeInputSets(manifest, options);
  const computed = manifest.outputs.filter((name) => !manifest.inputs.includes(name));
  return withWorkers([{ id: 'annotated' }], async (workers) => {
    await workers.load('annotated', 'model', file, session);
    const [shared] = shareInputs(workers, [set]);
    const inputs = [...shared].map(([name, value]) => ({ name, key: name, uses: 1, ...value }));
    await workers.run('annotated', 'model', inputs, computed.map((name) => ({ name, key: name, uses: 0 })), `run ${file}`);
    await workers.endProfiling('annotated', 'model');
    return providersOf(path.join(folder, fs.readdirSync(folder)[0]));
  }, { stallTimeoutS: options.stallTimeoutS });
}

/**
 * Runs the annotated model once with graph optimisations off. Returns {report, text}; the report lists for each device of
 * the plan which providers ran its nodes. Throws UserError.
 */
export async function runAnnotated(manifest, options) {
  const file = path.join(manifest.folder, FILE);
  await checkIntegrity(manifest, [FILE, ...(manifest.external_data ?? [])]);
  const available = availableProviders(loadRuntime());
  const wanted = [...new Set(manifest.devices.map((device) => device.runtime?.provider).filter(Boolean))];
  const providers = await profiledRun(manifest, file, wanted.filter((provider) => available.includes(provider)), options);
  const names = runtimeNames(file);
  const planFile = path.join(manifest.folder, 'plan.json');
  const plan = fs.existsSync(planFile) ? readJson(planFile) : null;
  if (plan && !Array.isArray(plan.nodes)) throw new UserError(`${planFile}: expected a plan with nodes, as "allot -o" writes`);
  const nodes = (plan?.nodes ?? []).map((node) => ({ name: node.name, device: node.device, provider: providers.get(names.get(node.name)) ?? null }));
  const counts = new Map();
  for (const { device, provider } of nodes) {
    const key = JSON.stringify([device, provider]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const devices = [...counts].map(([key, count]) => ({ device: JSON.parse(key)[0], provider: JSON.parse(key)[1], nodes: count }));
  const report = {
    schema: 'allot.annotated/1', model: FILE, session_options: manifest.onnxruntime?.session_options ?? {},
    missing_providers: wanted.filter((provider) => !available.includes(provider)), devices, nodes,
  };
  const missing = report.missing_providers.length > 0 ? `  not in this ONNX Runtime: ${report.missing_providers.join(', ')}; the CPU provider ran their nodes\n` : '';
  const text = `${FILE} with ${JSON.stringify(report.session_options)}\n\n` +
    table([['planned on', 'ran on', 'nodes'], ...devices.map((row) => [row.device, row.provider ?? 'not run by name', row.nodes])]) + missing;
  return { report, text };
}
