// Measures a model on the devices of a target that this machine has, as a table of costs.
import { likeness } from './calibration.mjs';
import { printCosts } from './costs_table.mjs';
import { oneLine, UserError } from './errors.mjs';
import { readInputSpec } from './inputs.mjs';
import { measureOperators } from './measure_operators.mjs';
import { measurePool } from './measure_pool.mjs';
import { readOnnxFile } from './onnx_file.mjs';
import { availableProviders, loadRuntime, runtimeOf } from './onnxruntime.mjs';
import { profileTable } from './profile_table.mjs';
import { readTarget } from './target_file.mjs';
import { withTemporaryFolder } from './temporary_folder.mjs';
import { checkWritable, writeWhole } from './text_output.mjs';

const CPU = 'CPUExecutionProvider';

/**
 * Measures `model` on the devices of `target` (a file or a built-in name) and writes the table to `output` if that is
 * given. Further options: {level, repeats?, seed, dims, defaultDim, spec?, feeds?, each?, objective?, say?}; `say` is
 * told what goes on. Resolves to the figures as plain data, of which `absent` lists the devices that are not here and
 * got no rows. Throws UserError if none is here.
 */
export async function profileModel({ target: targetName, output, ...given }) {
  const options = { each: false, objective: 'latency', say: () => {}, ...given };
  if (output !== undefined) checkWritable(output);
  const original = readOnnxFile(options.model);
  const target = await readTarget(targetName);
  const ort = loadRuntime();
  const spec = readInputSpec(options.model, options.spec);
  const { rows, comments, report } = await withTemporaryFolder(async (folder) => {
    const job = { ...options, original, spec, folder };
    const measured = [], absent = [];
    for (const group of groupDevices(target.devices, options.each)) {
      const devices = group.map(({ name }) => name);
      const result = await measureGroup(group, ort, job);
      if (result.why === undefined) measured.push({ devices, group, result });
      else absent.push({ devices, why: result.why });
    }
    if (measured.length === 0) {
      throw new UserError(`no device of target ${target.name} can be measured here: ${absent[0].why}`);
    }
    const pool = await measureGroups(measured.map(({ group }) => group), job);
    const dims = { ...spec.dims, ...options.dims };
    return profileTable({ target, original, measured, absent, pool }, { ...options, dims });
  });
  if (output !== undefined) writeWhole(output, printCosts(comments, rows));
  return report;
}

// Devices that are measured together: those that are alike, or each for itself.
function groupDevices(devices, each) {
  const groups = new Map();
  for (const device of devices) {
    const key = each ? device.name : likeness(device);
    if (groups.has(key)) groups.get(key).push(device); else groups.set(key, [device]);
  }
  return [...groups.values()];
}

// A device as a worker needs it.
const workerDevice = (device) => ({ id: device.name, runtime: runtimeOf(device) });

// What measureOperators() gives for the first of a group, or {why} it is not there.
async function measureGroup([first], ort, job) {
  const device = workerDevice(first);
  const { provider } = device.runtime;
  const available = availableProviders(ort);
  if (provider === '') return { why: 'the target names no runtime.provider for it' };
  if (!available.includes(provider)) {
    return { why: `this ONNX Runtime lacks the provider ${provider} (it has ${available.join(', ')})` };
  }
  if (provider === 'cpu') return measureOperators(device, job);
  let result;
  try {
    result = await measureOperators(device, job);
  } catch (error) {
    if (!(error instanceof UserError) || /^interrupted/.test(error.message)) throw error;
    return { why: reason(error.message, device.id) };
  }
  const fellBack = result.providers.every((name) => name === CPU);
  return fellBack ? { why: `no kernel ran on provider ${provider}` } : result;
}

// What a worker's error says of the device, without the name of a temporary file.
function reason(message, id) {
  const own = `device ${id}: `;
  return oneLine(message.startsWith(own) ? message.slice(own.length) : message).replace(/^load \S+: /, '');
}

// Launches and transfers for all devices of `groups`, measured for one or two of each.
async function measureGroups(groups, job) {
  const devices = groups.flat();
  const groupOf = new Map(groups.flatMap((group, g) => group.map(({ name }) => [name, g])));
  const kind = (from, to) => `${groupOf.get(from)} ${groupOf.get(to)}`;
  const pairs = devices.flatMap(({ name: from }) => devices.map(({ name: to }) => [from, to]))
    .filter(([from, to]) => from !== to);
  const measured = new Map();  // the kind of a pair -> the pair that stands for it
  for (const [from, to] of pairs) if (!measured.has(kind(from, to))) measured.set(kind(from, to), [from, to]);

  const needed = new Set([...measured.values()].flat().concat(groups.map(([first]) => first.name)));
  const workers = devices.filter(({ name }) => needed.has(name)).map(workerDevice);
  const { launches, transfers } = await measurePool(workers, [...measured.values()], job);
  const launchOf = new Map(launches.map((launch) => [launch.device, launch]));
  return {
    launches: devices.map(({ name }) => ({ ...launchOf.get(groups[groupOf.get(name)][0].name), device: name })),
    transfers: pairs.flatMap(([from, to]) => {
      const [source, sink] = measured.get(kind(from, to));
      return transfers.filter((transfer) => transfer.device === source && transfer.to === sink)
        .map((transfer) => ({ ...transfer, device: from, to }));
    }),
  };
}
