"""Runs the parts of a saved plan in this process, one after the other, in the order of the manifest."""

from __future__ import annotations

import dataclasses
import os
import tempfile
import threading
import weakref
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple

from ..errors import InvalidInput, RunError
from .element_types import NUMPY, STRING, element_type, name_of
from .given_inputs import check_inputs
from .manifest import Manifest, PartFile, read_manifest
from .runtime import CPU, ERRORS_ONLY, SessionSettings, check_device, load_runtime, make_session

if TYPE_CHECKING:
    from ..plan import Plan


class Runner:
    """The parts of a folder that a plan was saved in. Parts are loaded when they are first needed and kept.

    May be used by several threads at once.
    """

    def __init__(self, folder: 'str | os.PathLike[str]', *, on: Optional[str] = None) -> None:
        """on='cpu': run every part on the CPU, whatever its device is. Raises InvalidInput, RunError."""
        if on not in (None, CPU):
            raise InvalidInput(f"on: {on!r} is not 'cpu', which runs every part on the CPU")
        self.manifest: Manifest = read_manifest(os.path.join(os.fspath(folder), 'manifest.json'))
        self._on = on
        self._ort = load_runtime()
        self._lock = threading.Lock()  # of loading
        self._sessions: Dict[Tuple[Any, ...], Any] = {}

    def run(self, inputs: Mapping[str, Any], *, lane: int = 0) -> Dict[str, Any]:
        """The model's outputs by name. `lane`: of placements that take turns, which one. Raises InvalidInput, RunError."""
        parts = self._parts(lane)
        sessions = [self._session(part) for part in parts]
        overridable = [{value.name for value in session.get_overridable_initializers()} for session in sessions]
        tensors = check_inputs(inputs, self.manifest.inputs, set().union(*overridable), self.manifest.signature)
        last_use = {name: i for i, part in enumerate(parts) for name in part.inputs}
        for i, (part, session) in enumerate(zip(parts, sessions)):
            feeds = {name: tensors[name] for name in part.inputs if name in tensors}
            feeds.update((name, tensors[name]) for name in overridable[i] if name in tensors)
            tensors.update(zip(part.outputs, self._run_part(part, session, feeds)))
            for name in part.inputs:  # what nobody reads any more makes room
                if last_use[name] == i and name not in self.manifest.outputs:
                    tensors.pop(name, None)
        return {name: self._as_array(name, tensors[name]) for name in self.manifest.outputs}

    def _as_array(self, name: str, value: Any) -> Any:
        if not isinstance(value, self._ort.OrtValue):
            return value
        kind = name_of(value.element_type())
        if kind not in NUMPY:
            raise RunError(f'output {name} is {kind}, which numpy has no numbers for: give the model a Cast there, or use allot run')
        return value.numpy()

    def _run_part(self, part: PartFile, session: Any, feeds: Mapping[str, Any]) -> List[Any]:
        value_type, names = self._ort.OrtValue, list(part.outputs)
        try:
            if _has_numpy_types(session):
                return list(session.run(names, {name: value.numpy() if isinstance(value, value_type) else value
                                                for name, value in feeds.items()}))
            return list(session.run_with_ort_values(names, {
                name: value if isinstance(value, value_type) else value_type.ortvalue_from_numpy(value) for name, value in feeds.items()}))
        except Exception as error:  # of many types, all of ONNX Runtime's own
            raise RunError(f'part {part.name} ({part.file}) fails on {part.device}: {error}') from error

    def _parts(self, lane: int) -> Tuple[PartFile, ...]:
        count = len(self.manifest.lanes)
        if not 0 <= lane < count:
            raise InvalidInput(f'lane: there is none {lane}: ' +
                               ('the plan has one placement' if count == 1 else f'lanes are 0 to {count - 1}'))
        return self.manifest.lanes[lane].parts

    def _session(self, part: PartFile) -> Any:
        device = self.manifest.devices[part.device]
        if self._on == CPU and device.provider != CPU:
            device = dataclasses.replace(device, provider=CPU, ordinal=0, threads=0)
        settings = SessionSettings((device.provider or CPU,), device.ordinal, device.kind, device.threads, severity=ERRORS_ONLY)
        key = part.file, settings.providers, settings.ordinal, settings.threads
        with self._lock:
            if key not in self._sessions:
                check_device(self._ort, device, "run(..., on='cpu')")
                path = os.path.join(self.manifest.folder, part.file)
                try:
                    self._sessions[key] = make_session(self._ort, path, settings)
                except RunError as error:
                    raise RunError(f'{path}: ONNX Runtime does not load it for {device.name}: {error}') from None
            return self._sessions[key]


def _has_numpy_types(session: Any) -> bool:
    """Whether numpy has what a session takes and makes. Other tensors stay ONNX Runtime's own."""
    types = (element_type(value.type) for value in (*session.get_inputs(), *session.get_outputs()))
    return all(kind is None or kind == STRING or kind in NUMPY for kind in types)


# The runners of each plan, for as long as it lives: by what they were asked and what they read.
_runners: 'weakref.WeakKeyDictionary[Plan, Dict[Tuple[str, Optional[str]], Runner]]' = weakref.WeakKeyDictionary()
_runners_lock = threading.Lock()


def plan_runner(plan: 'Plan', on: Optional[str]) -> Runner:
    """The runner of what the plan was last saved as, or of a temporary folder that goes when the plan does.
    Raises AllotError."""
    load_runtime()  # before anything is written
    with _runners_lock:
        folder = _folder_of(plan)
        runners = _runners.setdefault(plan, {})
        if (folder, on) not in runners:
            runners[folder, on] = Runner(folder, on=on)
        return runners[folder, on]


def _folder_of(plan: 'Plan') -> str:
    if plan._saved is None:
        folder = tempfile.TemporaryDirectory(prefix='allot-')
        weakref.finalize(plan, folder.cleanup)
        plan.save(folder.name, emit='parts,manifest')
        assert plan._saved is not None
    path, manifest = plan._saved
    try:
        with open(os.path.join(path, 'manifest.json'), 'rb') as file:
            unchanged = file.read() == manifest
    except OSError as error:
        raise RunError(f'{path}: the plan was saved there, and its manifest.json cannot be read: {error.strerror}; '
                       'save it again') from None
    if not unchanged:
        raise RunError(f'{path}: something else was written there since the plan was saved; save it again')
    return path
