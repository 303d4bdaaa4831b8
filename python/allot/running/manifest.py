"""What manifest.json says of running, checked: which parts, in which order, with which tensors between them."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, NoReturn, Optional, Sequence, Set, Tuple, Union

from ..errors import RunError
from ..support.files import read_input, reason
from ..support.json_files import parse_json
from ..support.nearest_name import distance
from .cores import why_no_core_list
from .element_types import is_element_type

SCHEMA = 'allot.manifest/1'
_LARGEST = 1 << 28  # bytes
_LONGEST_CYCLE = 10000  # the longest cycle of lanes that is run: the samples of one are measured together


@dataclass(frozen=True)
class DeviceHint:
    """A device of the plan, and how it is asked for at run time."""

    name: str
    provider: str  # '': the target does not say
    ordinal: int = 0  # of the device among those of its provider
    threads: int = 0  # 0: the runtime's choice
    cores: Optional[str] = None  # a list as Linux writes it; None: any
    busy_us: Optional[float] = None  # predicted, of one sample
    kind: str = ''  # 'cpu', 'gpu', 'npu', ...
    host: Optional[str] = None  # the machine that it is in; None: the manifest does not say


@dataclass(frozen=True)
class PartFile:
    """A part, and the tensors that go in and out by name."""

    name: str
    device: str
    file: str
    inputs: Tuple[str, ...]
    outputs: Tuple[str, ...]
    start_us: Optional[float] = None  # predicted
    end_us: Optional[float] = None


@dataclass(frozen=True)
class Lane:
    """One of the placements that take turns, its parts in a valid order."""

    share: int
    parts: Tuple[PartFile, ...]
    arrivals_us: Dict[Tuple[str, str], float] = field(default_factory=dict)  # (tensor, device) -> how long it is predicted to travel


@dataclass(frozen=True)
class Signature:
    """What a tensor of the model's border, or between parts, is."""

    dtype: Optional[str]  # numpy's name where it has one; None: no tensor, or not known
    shape: Optional[Tuple[Union[int, str, None], ...]]  # a size, a name, None for what is open; None: not known
    kind: Optional[str] = None  # 'optional' and the like, where it is no tensor


@dataclass(frozen=True)
class StatePair:
    """An output of the model that is one of its inputs at the next step."""

    output: str
    input: str


@dataclass(frozen=True)
class Manifest:
    """The placements of a model, and all that running them needs."""

    file: str
    folder: str
    inputs: Tuple[str, ...]
    outputs: Tuple[str, ...]
    devices: Dict[str, DeviceHint]
    lanes: Tuple[Lane, ...]
    signature: Dict[str, Signature]
    model_path: Optional[str] = None
    objective: Optional[str] = None
    predicted_us: Optional[float] = None
    dims: Dict[str, int] = field(default_factory=dict)
    default_dim: Optional[int] = None
    pipeline: str = ''
    external_data: Tuple[str, ...] = ()
    integrity: Dict[str, Any] = field(default_factory=dict)
    session_options: Dict[str, str] = field(default_factory=dict)  # of the annotated model
    state: Optional[Tuple[StatePair, ...]] = None  # None: the manifest does not say


_Wrong = Callable[[str], NoReturn]


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _quote(value: Any, most: int = 80) -> str:
    return json.dumps(value, separators=(',', ':'))[:most]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> Optional[float]:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def stays_inside(folder: str, name: Any) -> bool:
    """Whether the name of a file stays in its folder, also where it is a link."""
    if not isinstance(name, str) or name in ('', '.') or '\0' in name or os.path.isabs(name) or '..' in name.split('/'):
        return False
    # One that is missing is inside as well: that is said where it is needed.
    return os.path.realpath(os.path.join(folder, name)).startswith(os.path.join(os.path.realpath(folder), ''))


def _part(said: Any, wrong: _Wrong) -> PartFile:
    if not (isinstance(said, dict) and isinstance(said.get('id'), str) and isinstance(said.get('file'), str)
            and _is_names(said.get('inputs')) and _is_names(said.get('outputs'))):
        wrong(f'parts: each needs id, device, file, inputs and outputs; {_quote(said)} lacks some')
    device = said.get('device')
    return PartFile(said['id'], device if isinstance(device, str) else _quote(device), said['file'], tuple(said['inputs']), tuple(said['outputs']),
                    _number(said.get('start_us')), _number(said.get('end_us')))


def _check_parts(parts: Sequence[PartFile], inputs: Sequence[str], outputs: Sequence[str], devices: Dict[str, DeviceHint],
                 names: Set[str], wrong: _Wrong) -> None:
    """The parts of one lane; `names` are those of parts that came before."""
    producers: Dict[str, str] = {}
    for part in parts:
        if part.name in names:
            wrong(f'part {part.name} is there twice')
        names.add(part.name)
        if part.device not in devices:
            wrong(f'part {part.name}: there is no device {part.device}')
        for tensor in part.outputs:
            if tensor in producers:
                wrong(f'tensor {tensor} comes from parts {producers[tensor]} and {part.name}')
            if tensor in inputs:
                wrong(f'tensor {tensor} is an input of the model and comes from part {part.name}')
            producers[tensor] = part.name
    for part in parts:
        for tensor in part.inputs:
            if tensor not in producers and tensor not in inputs:
                wrong(f'part {part.name}: no part makes its input {tensor}')
    for tensor in outputs:
        if tensor not in producers and tensor not in inputs:
            wrong(f'no part makes the output {tensor}')


def _in_order(parts: Sequence[PartFile], inputs: Sequence[str], wrong: _Wrong) -> None:
    """Raises unless the parts can run one after the other in some order."""
    ready, waiting = set(inputs), list(parts)
    while waiting:
        following = [part for part in waiting if all(tensor in ready for tensor in part.inputs)]
        if not following:
            wrong(f"parts wait for each other: {', '.join(part.name for part in waiting)}")
        ready.update(tensor for part in following for tensor in part.outputs)
        begun = {part.name for part in following}
        waiting = [part for part in waiting if part.name not in begun]


def _lanes(document: Dict[str, Any], devices: Dict[str, DeviceHint], wrong: _Wrong) -> Tuple[Lane, ...]:
    further = document.get('lanes')
    further = [] if further is None else further
    if not isinstance(further, list) or not all(isinstance(lane, dict) and isinstance(lane.get('parts'), list) for lane in further):
        wrong('lanes: expected a list, each with parts')
    lanes: List[Lane] = []
    names: Set[str] = set()
    for index, said in enumerate([{**document, 'share': document.get('share', 1)}, *further]):
        def wrong_here(what: str, index: int = index) -> NoReturn:
            wrong(what if index == 0 else f'lane {index}: {what}')

        share = said.get('share')
        if not _is_whole(share) or share < 1:
            wrong(f'lane {index}: expected a share of at least 1, not {_quote(share)}')
        parts = tuple(_part(part, wrong_here) for part in said['parts'])
        _check_parts(parts, document['inputs'], document['outputs'], devices, names, wrong_here)
        _in_order(parts, document['inputs'], wrong_here)
        lanes.append(Lane(share, parts, _arrivals(said.get('transfers'))))
    if sum(lane.share for lane in lanes) > _LONGEST_CYCLE:
        wrong(f'the shares of the lanes add up to more than {_LONGEST_CYCLE}')
    return tuple(lanes)


def _host(device: str, said: Any, wrong: _Wrong) -> Optional[str]:
    # It becomes a word of a command line.
    if said is not None and (not isinstance(said, str) or not re.fullmatch(r'[A-Za-z0-9_][A-Za-z0-9_.-]*', said)):
        wrong(f'device {device}: host: expected the name or address of a machine, not {_quote(said)}')
    return said


def _arrivals(said: Any) -> Dict[Tuple[str, str], float]:
    """How long tensors are predicted to travel; what is not written so says nothing."""
    found: Dict[Tuple[str, str], float] = {}
    for transfer in said if isinstance(said, list) else []:
        for arrival in (transfer.get('arrivals') or []) if isinstance(transfer, dict) else []:
            start, end = _number(arrival.get('start_us')), _number(arrival.get('end_us'))
            if start is not None and end is not None:
                found[str(transfer.get('tensor')), str(arrival.get('device'))] = end - start
    return found


def _devices(said: List[Any], wrong: _Wrong) -> Dict[str, DeviceHint]:
    devices: Dict[str, DeviceHint] = {}
    for device in said:
        if not isinstance(device, dict) or not isinstance(device.get('id'), str):
            wrong('devices: each needs an id')
        name, runtime = device['id'], device.get('runtime')
        runtime = {} if runtime is None else runtime
        if not isinstance(runtime, dict):
            wrong(f'device {name}: runtime: expected an object')
        why = why_no_core_list(runtime.get('cores'))
        if why is not None:
            wrong(f'device {name}: {why}')
        provider = runtime.get('provider') or ('cpu' if device.get('type', device.get('kind')) == 'cpu' else '')
        if not isinstance(provider, str):
            wrong(f'device {name}: runtime.provider: expected a name, not {_quote(provider)}')
        for key in ('ordinal', 'threads'):
            if not _is_whole(runtime.get(key, 0)) or not 0 <= runtime.get(key, 0) < 1 << 16:
                wrong(f'device {name}: runtime.{key}: expected a small whole number, not {_quote(runtime[key])}')
        devices[name] = DeviceHint(name, provider, runtime.get('ordinal', 0), runtime.get('threads', 0),
                                   runtime.get('cores') or None, _number(device.get('busy_us')), str(device.get('type') or ''),
                                   _host(name, device.get('host'), wrong))
    return devices


def _signature(said: Any, wrong: _Wrong) -> Dict[str, Signature]:
    said = {} if said is None else said
    if not isinstance(said, dict):
        wrong('signature: expected an object')
    result: Dict[str, Signature] = {}
    for name, value in said.items():
        if not isinstance(value, dict):
            wrong(f'signature: {name}: expected an object')
        dtype, shape, kind = value.get('dtype'), value.get('shape'), value.get('kind')
        if kind is None and dtype is not None and not is_element_type(dtype):
            wrong(f'signature: {name}: there is no element type {_quote(dtype)}')
        if shape is not None and not (isinstance(shape, list) and all(
                size is None or isinstance(size, str) or (_is_whole(size) and 0 <= size < 1 << 53) for size in shape)):
            wrong(f'signature: {name}: expected a shape, not {_quote(shape)}')
        result[name] = Signature(dtype if isinstance(dtype, str) else None, None if shape is None else tuple(shape), kind)
    return result


def _check_files(document: Dict[str, Any], folder: str, names: Sequence[str], wrong: _Wrong) -> None:
    """A manifest says what is to be read and run: nothing but the files beside it."""
    external = document.get('external_data')
    if external is not None and not _is_names(external):
        wrong('external_data: expected a list of names')
    model = document.get('model')
    if model is not None and (not isinstance(model, str) or '\0' in model):
        wrong('model: expected a path')
    for name in [*names, *(external or [])]:
        if not stays_inside(folder, name):
            wrong(f'the file {json.dumps(name)} is not in the folder of the manifest; put it there and change its name')


def _dims(document: Dict[str, Any], wrong: _Wrong) -> Dict[str, int]:
    dims = document.get('dims') or {}
    if not isinstance(dims, dict) or not all(_is_whole(size) and 0 <= size < 1 << 53 for size in dims.values()):
        wrong('dims: expected sizes by name')
    return dict(dims)


def _state(said: Any, inputs: Sequence[str], outputs: Sequence[str], wrong: _Wrong) -> Optional[Tuple[StatePair, ...]]:
    if said is None:
        return None
    if not isinstance(said, list) or not all(isinstance(pair, dict) and isinstance(pair.get('output'), str)
                                             and isinstance(pair.get('input'), str) for pair in said):
        wrong('state: expected a list of {output, input}')
    for pair in said:
        if pair['output'] not in outputs or pair['input'] not in inputs:
            wrong(f"state: {pair['output']} to {pair['input']}: the model has no such output or input")
    return tuple(StatePair(pair['output'], pair['input']) for pair in said)


def part_files(lanes: Sequence[Lane], external_data: Sequence[str] = ()) -> List[str]:
    """The files that running lanes needs: their parts, and the weights that these refer to."""
    return list(dict.fromkeys([*(part.file for lane in lanes for part in lane.parts), *external_data]))


def _nearest_file(path: str) -> Optional[str]:
    """"did you mean FILE?" for a manifest that lies where `path` is looked for: beside it, or in a folder of nearly that name."""
    folder, name = os.path.dirname(path) or '.', os.path.basename(path)
    if os.path.isdir(folder):
        there = sorted(other for other in os.listdir(folder) if other.endswith('.json'))
        near = 'manifest.json' if 'manifest.json' in there else next((other for other in there if _is_near(other, name)), None)
        return None if near is None else f'did you mean {os.path.join(os.path.dirname(path), near)}?'
    around = os.path.dirname(folder) or '.'
    if not os.path.isdir(around):
        return None
    folders = sorted(other for other in os.listdir(around) if _is_near(other, os.path.basename(folder))
                     and os.path.exists(os.path.join(around, other, name)))
    return None if not folders else f'did you mean {os.path.join(os.path.dirname(folder), folders[0], name)}?'


def _is_near(a: str, b: str) -> bool:
    """Whether two names differ in at most a third of their characters."""
    return distance(a, b) <= max(1, len(b) // 3)


def _read(path: str) -> Any:
    try:
        about = os.stat(path)
        if stat.S_ISDIR(about.st_mode):
            raise RunError(f"{path}: is a folder; did you mean {os.path.join(path, 'manifest.json')}?")
        if not stat.S_ISREG(about.st_mode):
            raise RunError(f'{path}: is no file, and parts lie beside their manifest; give DIR/manifest.json')
        if about.st_size > _LARGEST:
            raise RunError(f'{path}: has {about.st_size} bytes, more than any manifest')
        return parse_json(read_input(path))
    except FileNotFoundError:
        remedy = _nearest_file(path) or '"allot MODEL -o DIR" writes DIR/manifest.json'
        raise RunError(f'{path}: there is no such file; {remedy}') from None
    except OSError as error:
        raise RunError(f'{path}: {reason(error)}') from None
    except ValueError as error:
        if '\0' in path:
            raise RunError(f'{path}: there is a zero byte in the name') from None
        raise RunError(f'{path}: {error}; expected the manifest.json that "allot MODEL -o DIR" writes') from None


def read_manifest(path: str) -> Manifest:
    """The manifest in a file. Raises RunError for one that cannot be run: unknown version, files elsewhere, parts that do not
    fit together, a cycle."""
    document = _read(path)

    def wrong(what: str) -> NoReturn:
        raise RunError(f'{path}: {what}')

    if not isinstance(document, dict) or document.get('version') != 1 or document.get('schema', SCHEMA) != SCHEMA:
        wrong('expected a manifest of version 1, as "allot -o" writes')
    for key in ('inputs', 'outputs'):
        if not _is_names(document.get(key)):
            wrong(f'{key}: expected a list of names')
    for key in ('parts', 'devices'):
        if not isinstance(document.get(key), list):
            wrong(f'{key}: expected a list')
    folder = os.path.dirname(path) or '.'
    devices = _devices(document['devices'], wrong)
    lanes = _lanes(document, devices, wrong)
    _check_files(document, folder, part_files(lanes), wrong)
    return _manifest(path, folder, document, devices, lanes, wrong)


def _manifest(path: str, folder: str, document: Dict[str, Any], devices: Dict[str, DeviceHint], lanes: Tuple[Lane, ...],
              wrong: _Wrong) -> Manifest:
    def section(key: str) -> Dict[str, Any]:
        said = document.get(key)
        if said is not None and not isinstance(said, dict):
            wrong(f'{key}: expected an object')
        return said or {}

    options = section('onnxruntime').get('session_options', {})
    if not isinstance(options, dict):
        wrong('onnxruntime: session_options: expected an object')
    default_dim = document.get('default_dim')
    if default_dim is not None and not _is_whole(default_dim):
        wrong(f'default_dim: expected a size, not {_quote(default_dim)}')
    model = document.get('model')
    return Manifest(
        file=path, folder=folder, inputs=tuple(document['inputs']), outputs=tuple(document['outputs']), devices=devices, lanes=lanes,
        signature=_signature(document.get('signature'), wrong), model_path=os.path.join(folder, model) if model else None,
        objective=document.get('objective'), predicted_us=_number(section('predicted').get('value_us')),
        dims=_dims(document, wrong), default_dim=default_dim, pipeline=str(document.get('pipeline') or ''),
        external_data=tuple(document.get('external_data') or ()), integrity=section('integrity'),
        session_options={str(key): str(value) for key, value in options.items()},
        state=_state(document.get('state'), document['inputs'], document['outputs'], wrong))
