"""The single-file route: model.annotated.onnx in one session with the manifest's options, and where each node ran."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Optional, Tuple

from ..errors import RunError
from ..profiling.onnx_graph import node_label, read_onnx_graph
from ..profiling.profile_events import read_profile
from ..support.files import read_input
from ..support.json_files import read_json
from ..support.temporary_folder import temporary_folder
from ..support.text import table
from .input_sets import make_input_sets
from .integrity import check_integrity
from .manifest import Manifest
from .run_options import RunOptions
from .runtime import CPU, SessionSettings, available_providers, load_runtime
from .shared_inputs import share_inputs
from .workers import WorkerDevice, workers_for

_FILE = 'model.annotated.onnx'
_WORKER = 'annotated'


def _providers_of(path: str) -> Dict[str, str]:
    """Node -> execution provider, from the profile of one run: what ran, not what was asked for."""
    runs = read_profile(read_input(path).decode(errors='replace'), path)
    providers: Dict[str, str] = {}
    for kernel in runs[0] if runs else []:
        for name in (kernel.name, kernel.raw):
            if name is not None:
                providers[name] = kernel.provider
    return providers


def _runtime_names(path: str) -> Dict[str, str]:
    """What ONNX Runtime calls the nodes of a model, by what we call them. One without a name is called by operator and place,
    where constants, which it turns into weights as it loads, do not count."""
    names: Dict[str, str] = {}
    place = 0
    for index, node in enumerate(read_onnx_graph(path).nodes):
        if node.op_type != 'Constant':
            names[node_label(node, index)] = node.name or f'{node.op_type}_{place}'
            place += 1
    return names


def _profiled_run(manifest: Manifest, path: str, providers: List[str], options: RunOptions) -> Dict[str, str]:
    """Runs the model once in a worker, which a crash of a provider then ends and not us, with graph optimisations off, so that
    nodes keep their names."""
    inputs = make_input_sets(manifest, count=1, seed=options.seed, dims=options.dims, default_dim=options.default_dim,
                             spec_file=options.spec_file, folder=options.inputs_folder)
    computed = [name for name in manifest.outputs if name not in manifest.inputs]
    with temporary_folder() as folder, workers_for([WorkerDevice(_WORKER)], options.stall_timeout_s) as workers:
        settings = SessionSettings(providers=(*(one for one in providers if one != CPU), CPU), level='disabled',
                                   profile_prefix=os.path.join(folder, 'profile'), config=manifest.session_options)
        workers.load(_WORKER, 'model', path, settings).result()
        shared = share_inputs(workers, inputs)[0]
        given = [(name, name, 1, *value) for name, value in shared.items()]
        workers.run(_WORKER, 'model', given, [(name, name, None, 0) for name in computed], f'run {path}').result()
        return _providers_of(workers.end_profiling(_WORKER, 'model').result())


def _planned_nodes(manifest: Manifest) -> List[Dict[str, Any]]:
    path = os.path.join(manifest.folder, 'plan.json')
    if not os.path.exists(path):
        return []
    plan = read_json(path)
    nodes = plan.get('nodes') if isinstance(plan, dict) else None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) and isinstance(node.get('name'), str) for node in nodes):
        raise RunError(f'{path}: expected a plan with nodes, as "allot -o" writes')
    return nodes


def run_annotated(manifest: Manifest, options: RunOptions) -> Tuple[Dict[str, Any], str]:
    """Runs the annotated model once with graph optimisations off: a report, which lists for each device of the plan which
    providers ran its nodes, and its text. Raises RunError."""
    path = os.path.join(manifest.folder, _FILE)
    check_integrity(manifest, [_FILE, *manifest.external_data])
    available = available_providers(load_runtime())
    wanted = list(dict.fromkeys(device.provider for device in manifest.devices.values() if device.provider))
    providers = _profiled_run(manifest, path, [one for one in wanted if one in available], options)
    names = _runtime_names(path)
    nodes = [{'name': node['name'], 'device': node.get('device'), 'provider': providers.get(names.get(node['name'], ''))}
             for node in _planned_nodes(manifest)]
    counts: Dict[Tuple[Any, Optional[str]], int] = {}
    for node in nodes:
        key = node['device'], node['provider']
        counts[key] = counts.get(key, 0) + 1
    devices = [{'device': device, 'provider': provider, 'nodes': count} for (device, provider), count in counts.items()]
    missing = [one for one in wanted if one not in available]
    report = {'schema': 'allot.annotated/1', 'model': _FILE, 'session_options': manifest.session_options, 'missing_providers': missing,
              'devices': devices, 'nodes': nodes}
    text = f'{_FILE} with {json.dumps(manifest.session_options, separators=(",", ":"))}\n\n'
    text += table([['planned on', 'ran on', 'nodes'], *([row['device'], row['provider'] or 'not run by name', row['nodes']] for row in devices)])
    if missing:
        text += f"  not in this ONNX Runtime: {', '.join(missing)}; the CPU provider ran their nodes\n"
    return report, text
