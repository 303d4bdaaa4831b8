// The single-file route: model.annotated.onnx in one session with the manifest's options, and where each node ran.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UserError } from './errors.mjs';
import { checkIntegrity } from './manifest.mjs';
import { availableProviders, loadRuntime } from './onnxruntime.mjs';
import { makeInputSets } from './plan_run.mjs';
import { table } from './text_output.mjs';

const FILE = 'model.annotated.onnx';
const SUFFIX = '_kernel_time';

// Node -> execution provider, from the profile of one run: what ran, not what was asked for.
function providersOf(profile) {
  const events = JSON.parse(fs.readFileSync(profile, 'utf8'));
  const providers = new Map();
  for (const { cat, name, args } of events) {
    if (cat === 'Node' && name.endsWith(SUFFIX)) providers.set(name.slice(0, -SUFFIX.length), args.provider);
  }
  return providers;
}

/**
 * Runs the annotated model once with graph optimisations off, so that nodes keep their names. Returns {report, text}; the
 * report lists for each device of the plan which providers ran its nodes.
 */
export async function runAnnotated(manifest, options) {
  const file = path.join(manifest.folder, FILE);
  await checkIntegrity(manifest, [FILE]);
  const ort = loadRuntime();
  const wanted = [...new Set(manifest.devices.map((device) => device.runtime?.provider).filter(Boolean))];
  const have = wanted.filter((provider) => availableProviders(ort).includes(provider));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'allot-run-'));
  let providers;
  try {
    const session = await ort.InferenceSession.create(file, {
      executionProviders: [...have.filter((provider) => provider !== 'cpu'), 'cpu'], graphOptimizationLevel: 'disabled', logSeverityLevel: 4,
      enableProfiling: true, profileFilePrefix: path.join(folder, 'profile'), extra: manifest.onnxruntime?.session_options ?? {},
    });
    const [inputs] = makeInputSets(manifest, options);
    await session.run(Object.fromEntries(inputs.map(({ name, type, dims, data }) => [name, new ort.Tensor(type, data, dims)])));
    session.endProfiling();
    providers = providersOf(path.join(folder, fs.readdirSync(folder)[0]));
    await session.release();
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(`${file}: ${error.message}`);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  const planFile = path.join(manifest.folder, 'plan.json');
  const plan = fs.existsSync(planFile) ? JSON.parse(fs.readFileSync(planFile, 'utf8')) : { nodes: [] };
  const counts = new Map();
  const nodes = [];
  for (const node of plan.nodes) {
    const provider = providers.get(node.name) ?? null;
    nodes.push({ name: node.name, device: node.device, provider });
    const key = JSON.stringify([node.device, provider ?? 'not run by name']);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const summary = [...counts].map(([key, count]) => ({ device: JSON.parse(key)[0], provider: JSON.parse(key)[1], nodes: count }));
  const report = { schema: 'allot.annotated/1', model: FILE, session_options: manifest.onnxruntime?.session_options, missing_providers: wanted.filter((provider) => !have.includes(provider)), devices: summary, nodes };
  const missing = report.missing_providers.length > 0 ? `  not in this ONNX Runtime: ${report.missing_providers.join(', ')}; the CPU provider ran their nodes\n` : '';
  const text = `${FILE} with ${JSON.stringify(report.session_options)}\n\n` +
    table([['planned on', 'ran on', 'nodes'], ...summary.map((row) => [row.device, row.provider, row.nodes])]) + missing;
  return { report, text };
}
