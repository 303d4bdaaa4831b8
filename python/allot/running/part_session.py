"""A part on a worker: its session, and how tensors get in and out of it without copies.

Inputs are bound as they lie in shared memory or as an earlier part of this device left them. An output that other processes need
is bound to its place in shared memory if its shape is known: that of the last run with inputs of these shapes. Where a run then
makes another shape, which ONNX Runtime refuses, the part runs again and its outputs are copied from then on.
"""

from __future__ import annotations

import time
from typing import Any, Dict, List, Optional, Tuple

from ..errors import RunError
from ..support.text import one_line
from .element_types import NUMPY, STRING, element_type
from .runtime import CPU, SessionSettings, memory_of
from .tensor_store import TensorStore

_MOST_KNOWN = 64

Made = List[Any]  # [type, dims, bytes] of an output
Input = Tuple[str, str, int, str, List[int], int, int]  # name, key, uses, type, dims, bytes, region
Output = Tuple[str, str, Optional[int], int, Optional[str], int]  # name, key, region, uses, and key and uses at the next step


class PartSession:
    """Runs one part again and again."""

    def __init__(self, ort: Any, session: Any, settings: SessionSettings, store: TensorStore) -> None:
        self.session, self._store = session, store
        self._memory_type, self._memory_id = memory_of(settings)
        types = [element_type(value.type) for value in (*session.get_inputs(), *session.get_outputs())]
        # IO binding takes neither text nor what is no tensor.
        self._binds = all(kind is not None and kind != STRING for kind in types)
        self._types = {value.name: element_type(value.type) for value in session.get_outputs()}
        self._binding: Any = None
        self._bound_names: Tuple[Any, ...] = ()
        self._known: Dict[str, List[Made]] = {}  # outputs by the shapes of inputs
        self._last_shapes: List[List[int]] = []
        self._last_known: Optional[List[Made]] = None
        self._shapes_repeat = True

    def run(self, inputs: List[Input], outputs: List[Output]) -> Tuple[List[Made], List[int]]:
        """What became of the outputs, and when it began, had its inputs, had computed, and ended: nanoseconds of the clock that
        all processes share. Raises RunError."""
        return self._run_bound(inputs, outputs) if self._binds else self._run_plain(inputs, outputs)

    def _run_bound(self, inputs: List[Input], outputs: List[Output]) -> Tuple[List[Made], List[int]]:
        store, start = self._store, time.monotonic_ns()
        names = (*(one[0] for one in inputs), None, *(one[0] for one in outputs))
        if names != self._bound_names:
            self._binding, self._bound_names = self.session.io_binding(), names
        binding = self._binding
        for name, key, uses, kind, dims, size, region in inputs:
            binding.bind_ortvalue_input(name, store.as_tensor(store.take(key, uses, kind, dims, size, region)))
        fed = time.monotonic_ns()
        expected = self._expected([one[4] for one in inputs])
        placed = self._bind_outputs(outputs, expected)
        try:
            self.session.run_with_iobinding(binding)
        except Exception as error:  # of many types, all of ONNX Runtime's own
            if not any(placed):
                raise RunError(one_line(str(error))) from None
            self._run_again(outputs)
            placed, expected = [None] * len(outputs), None
        ran = time.monotonic_ns()
        made = self._give_on(outputs, placed, expected)
        if expected is None and self._shapes_repeat:
            if len(self._known) >= _MOST_KNOWN:  # a cache that grows has other shapes at every step
                self._known.clear()
            self._last_known = self._known[str(self._last_shapes)] = made
        return made, [start, fed, ran, time.monotonic_ns()]

    def _expected(self, shapes: List[List[int]]) -> Optional[List[Made]]:
        if not self._shapes_repeat:
            return None
        if shapes != self._last_shapes or self._last_known is None:
            self._last_shapes, self._last_known = shapes, self._known.get(str(shapes))
        return self._last_known

    def _bind_outputs(self, outputs: List[Output], expected: Optional[List[Made]]) -> List[Any]:
        """Binds each output to its place in shared memory, if that can be; the tensor there, else None."""
        binding, store = self._binding, self._store
        placed: List[Any] = []
        for i, (name, _, region, uses, _, later) in enumerate(outputs):
            # What stays on a device of another memory is not to come back from here.
            if expected is not None and region is not None and (uses + later == 0 or self._memory_type == CPU):
                kind, dims, size = expected[i]
                if size and store.can_write(kind):
                    store.reserve(region, size)
                    value = store.in_region(region, kind, dims, size)
                    binding.bind_ortvalue_output(name, value)
                    placed.append(value)
                    continue
            self._bind_anywhere(name, stays=uses + later > 0)
            placed.append(None)
        return placed

    def _bind_anywhere(self, name: str, stays: bool) -> None:
        if stays and self._types.get(name) in NUMPY:
            self._binding.bind_output(name, self._memory_type, self._memory_id)
        else:
            self._binding.bind_output(name)

    def _run_again(self, outputs: List[Output]) -> None:
        for name, _, _, uses, _, later in outputs:
            self._bind_anywhere(name, stays=uses + later > 0)
        try:
            self.session.run_with_iobinding(self._binding)
        except Exception as error:
            raise RunError(one_line(str(error))) from None
        self._shapes_repeat, self._last_known = False, None
        self._known.clear()

    def _give_on(self, outputs: List[Output], placed: List[Any], expected: Optional[List[Made]]) -> List[Made]:
        store = self._store
        made: List[Made] = []
        values: Any = None
        for i, (name, key, region, uses, later_key, later) in enumerate(outputs):
            value = placed[i]
            if value is not None and expected is not None:
                made.append(expected[i])
            else:
                if values is None:
                    values = self._binding.get_outputs()
                value = values[i]
                if not (value.is_tensor() and value.has_value()):
                    raise RunError(f'output {name} is no tensor that can be passed on')
                about = store.about(value) if region is None else store.write(region, value)
                made.append(list(about))
            if uses > 0:
                store.keep(key, value, uses)
            if later_key is not None and later > 0:
                store.keep(later_key, value, later)
        return made

    def _run_plain(self, inputs: List[Input], outputs: List[Output]) -> Tuple[List[Made], List[int]]:
        store, start = self._store, time.monotonic_ns()
        feeds = {name: store.as_plain(store.take(key, uses, kind, dims, size, region))
                 for name, key, uses, kind, dims, size, region in inputs}
        fed = time.monotonic_ns()
        try:
            results = self.session.run([one[0] for one in outputs], feeds)
        except Exception as error:
            raise RunError(one_line(str(error))) from None
        ran = time.monotonic_ns()
        made: List[Made] = []
        for (name, key, region, uses, later_key, later), value in zip(outputs, results):
            if value is None:
                raise RunError(f'output {name} is no tensor that can be passed on')
            made.append(self._write_plain(region, value))
            if uses > 0:
                store.keep(key, value, uses)
            if later_key is not None and later > 0:
                store.keep(later_key, value, later)
        return made, [start, fed, ran, time.monotonic_ns()]

    def _write_plain(self, region: Optional[int], value: Any) -> Made:
        if region is not None:
            return list(self._store.write_plain(region, value))
        return ['', [], 0]  # nobody asks what never leaves
