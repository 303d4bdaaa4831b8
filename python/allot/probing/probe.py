"""Asks the runtimes that are installed which nodes of a model each device of a target runs."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..errors import AllotError, RunError
from ..profiling.onnx_graph import Graph, node_label, read_onnx_graph
from ..profiling.target_devices import hint_of
from ..running.manifest import DeviceHint
from ..running.runtime import available_providers, load_runtime, package_of, provider_list, runtime_name
from ..support.temporary_folder import temporary_folder
from .answers import Placements, judge
from .openvino_query import PROVIDER as OPENVINO
from .support_rules import NOTE, rules_for, with_rules

_TIMEOUT_S = 600
_MOST_SHOWN = 200  # characters
# The process finds what its parent finds, and nothing in the folder that it happens to run in.
_BOOT = 'import json, sys; sys.path[:] = json.loads(sys.argv[1]); from allot.probing.asker import main; main()'


@dataclass(frozen=True)
class DeviceAnswer:
    """What was heard of a device. why: it could not be asked, or there was no answer; the others are then empty. The lists are
    labels of nodes."""

    device: str
    provider: str
    runtime: str = ''
    taken: List[str] = field(default_factory=list)
    refused: List[str] = field(default_factory=list)
    untold: List[str] = field(default_factory=list)
    rules: int = 0
    why: str = ''


def probe(target: Dict[str, Any], model: str, say: Callable[[str], None]) -> Tuple[Dict[str, Any], List[DeviceAnswer]]:
    """The target's document with rules that keep nodes of `model` off devices whose provider does not take them, and what was
    heard of each device. `say` is told what goes on. Raises AllotError, also where no device could be asked."""
    graph = read_onnx_graph(model)
    ort = _runtime_if_any()
    heard: Dict[Tuple[str, int, str], 'Tuple[Optional[Placements], str, Tuple[str, ...]]'] = {}
    answers: List[DeviceAnswer] = []
    with temporary_folder() as folder:
        for device in target['devices']:
            hint = hint_of(device)
            key = hint.provider, hint.ordinal, hint.kind
            if key not in heard:
                say(f'asking for {hint.name}')
                heard[key] = _ask(ort, model, hint, os.path.join(folder, f'{len(heard)}.json'))
            said, why, providers = heard[key]
            if said is None:
                answers.append(DeviceAnswer(hint.name, hint.provider, why=why))
                continue
            answer, rules = _answer(graph, os.path.basename(model), hint, said, providers)
            answers.append(answer)
            target = with_rules(target, hint.name, rules)
    if all(answer.why for answer in answers):
        raise RunError(f'no device of target {target.get("name")} can be asked here: {answers[0].device}: {answers[0].why}')
    return target, answers


def _answer(graph: Graph, model: str, hint: DeviceHint, said: Placements, providers: Tuple[str, ...]) -> Tuple[DeviceAnswer, List[Any]]:
    verdict = judge(graph, said, providers)
    rules = rules_for(graph, hint.name, verdict.refused, f'{NOTE}{said.runtime} for {model}: {hint.provider} does not take it')
    labels = [node_label(node, index) for index, node in enumerate(graph.nodes)]
    taken, refused, untold = ([labels[index] for index in indices] for indices in (verdict.taken, verdict.refused, verdict.untold))
    return DeviceAnswer(hint.name, hint.provider, said.runtime, taken, refused, untold, len(rules)), rules


def _runtime_if_any() -> Any:
    try:
        return load_runtime()
    except RunError:
        return None


def _ask(ort: Any, model: str, hint: DeviceHint, answer: str) -> 'Tuple[Optional[Placements], str, Tuple[str, ...]]':
    """What a runtime says, or why none does; and what it calls the provider of the device."""
    if not hint.provider:
        return None, 'the target names no runtime.provider for it', ()
    there = ort.get_available_providers() if ort is not None else []
    full = runtime_name(hint.provider, there)
    request: Dict[str, Any] = {'model': os.path.abspath(model), 'answer': answer}
    if full is not None:
        request.update(runtime='onnxruntime', providers=provider_list(ort, (hint.provider,), hint.ordinal, hint.kind))
    elif hint.provider == 'openvino' and importlib.util.find_spec('openvino') is not None:
        full = OPENVINO
        request.update(runtime='openvino', device={'cpu': 'CPU', 'npu': 'NPU'}.get(hint.kind, f'GPU.{hint.ordinal}'))
    else:
        return None, _absent(ort, hint.provider), ()
    try:
        return _in_process(request), '', (full,)
    except AllotError as error:
        return None, str(error), ()


def _absent(ort: Any, provider: str) -> str:
    package = package_of(provider)
    remedy = f'; pip install {package} brings it' if package else ''
    if ort is None:
        return f'ONNX Runtime does not load here{remedy}'
    return f'this ONNX Runtime lacks the provider {provider} (it has {", ".join(available_providers(ort))}){remedy}'


def _shortened(text: str) -> str:
    """A message of a runtime, which may name every function on its way: its beginning, and its end."""
    return text if len(text) <= 2 * _MOST_SHOWN else f'{text[:_MOST_SHOWN]} ... {text[-_MOST_SHOWN:]}'


def _in_process(request: Dict[str, Any]) -> Placements:
    """Asks in a process of its own, for providers may crash and print. Raises RunError."""
    command = [sys.executable, '-c', _BOOT, json.dumps(sys.path), json.dumps(request)]
    try:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise RunError(f'{request["runtime"]} has not answered for {_TIMEOUT_S} s') from None
    except OSError as error:
        raise RunError(f'{sys.executable} cannot be started: {error.strerror}') from None
    try:
        with open(request['answer'], encoding='utf-8') as file:
            said = json.load(file)
    except OSError:
        how = signal.Signals(-ended.returncode).name if ended.returncode < 0 else f'status {ended.returncode}'
        words = ended.stderr.decode(errors='replace').strip().split('\n')[-1]
        raise RunError(f'{request["runtime"]} ended with {how}{f" ({words})" if words else ""}') from None
    if 'why' in said:
        raise RunError(f'{request["runtime"]} does not load the model there: {_shortened(said["why"])}')
    return Placements.from_json(said)
