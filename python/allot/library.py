"""The C interface of liballot by ctypes: loading, types of the calls, status to exception. Nothing else calls it raw."""

from __future__ import annotations

import ctypes
import functools
import os
import weakref
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple, Type

from .errors import AllotError, InternalError, InvalidInput, OutOfMemory

ABI_VERSION = 0
LIBRARY_VARIABLE = 'ALLOT_LIBRARY'  # names another liballot than the one of this package

_TEXT, _NUMBER, _SMALL, _HANDLE = ctypes.c_char_p, ctypes.c_int64, ctypes.c_int32, ctypes.c_void_p
_OUT, _OUT_TEXT = ctypes.POINTER(_HANDLE), ctypes.POINTER(_TEXT)

# Results, then for each call the types of its arguments.
_STATUS_CALLS: Dict[str, Tuple[Any, ...]] = {
    'options_create': (_OUT,),
    'options_set': (_HANDLE, _TEXT, _TEXT),
    'target_load': (_TEXT, _OUT),
    'target_parse': (_TEXT, _TEXT, _OUT),
    'prepare': (_HANDLE, _TEXT, _OUT),
    'prepare_memory': (_HANDLE, _TEXT, ctypes.c_size_t, _TEXT, _OUT),
    'model_plan': (_HANDLE, _HANDLE, _OUT),
    'plan_write_as': (_HANDLE, _HANDLE, _TEXT, _TEXT),
    'plan_text': (_HANDLE, _TEXT, _OUT_TEXT),
}
_TEXT_CALLS: Dict[str, Tuple[Any, ...]] = {
    'version': (),
    'status_message': (_HANDLE,),
    'status_diagnostic': (_HANDLE, _NUMBER),
    'target_json': (_HANDLE,),
    'builtin_target': (_NUMBER,),
    'model_diagnostic': (_HANDLE, _NUMBER),
    'plan_solver': (_HANDLE,),
    'plan_bound_name': (_HANDLE,),
    'plan_pipeline': (_HANDLE,),
    'plan_device_name': (_HANDLE, _NUMBER),
    'plan_device_kind': (_HANDLE, _NUMBER),
    'plan_node_name': (_HANDLE, _NUMBER),
    'plan_node_operator': (_HANDLE, _NUMBER),
    'plan_node_reason': (_HANDLE, _NUMBER),
    'plan_transfer_tensor': (_HANDLE, _NUMBER),
    'plan_diagnostic': (_HANDLE, _NUMBER),
}
_NUMBER_CALLS: Dict[str, Tuple[Any, ...]] = {
    'num_builtin_targets': (),
    'status_num_diagnostics': (_HANDLE,),
    'model_num_nodes': (_HANDLE,),
    'model_num_diagnostics': (_HANDLE,),
    'plan_value_ps': (_HANDLE,),
    'plan_bound_ps': (_HANDLE,),
    'plan_num_devices': (_HANDLE,),
    'plan_device_memory_bytes': (_HANDLE, _NUMBER),
    'plan_device_busy_ps': (_HANDLE, _NUMBER),
    'plan_device_resident_bytes': (_HANDLE, _NUMBER),
    'plan_device_peak_bytes': (_HANDLE, _NUMBER),
    'plan_num_nodes': (_HANDLE,),
    'plan_node_device': (_HANDLE, _NUMBER),
    'plan_node_part': (_HANDLE, _NUMBER),
    'plan_node_start_ps': (_HANDLE, _NUMBER),
    'plan_node_end_ps': (_HANDLE, _NUMBER),
    'plan_num_parts': (_HANDLE,),
    'plan_part_device': (_HANDLE, _NUMBER),
    'plan_part_start_ps': (_HANDLE, _NUMBER),
    'plan_part_end_ps': (_HANDLE, _NUMBER),
    'plan_part_weight_bytes': (_HANDLE, _NUMBER),
    'plan_num_transfers': (_HANDLE,),
    'plan_transfer_from': (_HANDLE, _NUMBER),
    'plan_transfer_to': (_HANDLE, _NUMBER),
    'plan_transfer_bytes': (_HANDLE, _NUMBER),
    'plan_transfer_start_ps': (_HANDLE, _NUMBER),
    'plan_transfer_end_ps': (_HANDLE, _NUMBER),
    'plan_num_diagnostics': (_HANDLE,),
}
_SMALL_CALLS: Dict[str, Tuple[Any, ...]] = {
    'abi_version': (),
    'status_code': (_HANDLE,),
    'status_free': (_HANDLE,),
    'options_free': (_HANDLE,),
    'target_free': (_HANDLE,),
    'model_free': (_HANDLE,),
    'plan_free': (_HANDLE,),
    'model_diagnostic_severity': (_HANDLE, _NUMBER),
    'plan_objective': (_HANDLE,),
    'plan_diagnostic_severity': (_HANDLE, _NUMBER),
}

_ERRORS: Dict[int, Type[AllotError]] = {1: InvalidInput, 4: OutOfMemory}


def text_of(chars: Any) -> str:
    """A text of the library. Names out of a damaged model may be no UTF-8."""
    return '' if chars is None else str(chars.decode(errors='replace'))


def bytes_of(text: str, what: str) -> bytes:
    """`text` for the library, where a zero byte would end it early. Raises InvalidInput."""
    if '\0' in text:
        raise InvalidInput(f'{what}: there is a zero byte in {text!r}')
    return os.fsencode(text)


class Library:
    """liballot. All calls may be made by any thread; ctypes lets other threads run meanwhile."""

    def __init__(self, path: Path) -> None:
        try:
            self._library = ctypes.CDLL(str(path))
        except OSError as error:
            raise InternalError(f'{path}: the library of Allot does not load: {error}') from None
        for calls, result in ((_STATUS_CALLS, _HANDLE), (_TEXT_CALLS, _TEXT), (_NUMBER_CALLS, _NUMBER),
                              (_SMALL_CALLS, _SMALL)):
            for name, arguments in calls.items():
                function = getattr(self._library, 'allot_' + name, None)
                if function is None:
                    raise InternalError(f'{path}: the library has no allot_{name}(): it is of another version')
                function.restype, function.argtypes = result, arguments
        self.has_milp = hasattr(self._library, 'allot_options_add_milp')  # built with GLPK
        if self.has_milp:
            milp = self._library.allot_options_add_milp
            milp.restype, milp.argtypes = _HANDLE, (_HANDLE,)
        found = self.number('abi_version')
        if found != ABI_VERSION:
            raise InternalError(f'{path}: the library has ABI {found}, and this package is for {ABI_VERSION}')

    def _call(self, name: str, arguments: Tuple[Any, ...]) -> Any:
        return getattr(self._library, 'allot_' + name)(*arguments)

    def text(self, name: str, *arguments: Any) -> str:
        """What a call that returns text says."""
        return text_of(self._call(name, arguments))

    def number(self, name: str, *arguments: Any) -> int:
        """What a call that returns a number says."""
        return int(self._call(name, arguments))

    def check(self, name: str, *arguments: Any) -> None:
        """Makes a call that can fail. Raises AllotError with what its status says."""
        status = self._call(name, arguments)
        if not status:
            return
        code = self.number('status_code', status)
        message = self.text('status_message', status)
        lines = self.lines('status', status)
        self._call('status_free', (status,))
        raise _ERRORS.get(code, InternalError)(message, lines)

    def lines(self, of: str, handle: Any) -> List[str]:
        """The diagnostics of a status, a model or a plan."""
        count = self.number(f'{of}_num_diagnostics', handle)
        return [self.text(f'{of}_diagnostic', handle, i) for i in range(count)]

    def free(self, of: str, handle: Any) -> None:
        """Frees a handle."""
        self._call(f'{of}_free', (handle,))


class Handle:
    """A handle of the library that is freed with the object that has it."""

    def __init__(self, of: str, make: Callable[[Any], None]) -> None:
        """make: is given where the handle goes, and raises if there is none."""
        lib = library()
        place = _HANDLE()
        make(ctypes.byref(place))
        self.value = place.value
        self._finalizer = weakref.finalize(self, lib.free, of, place.value)


def read_text(name: str, *arguments: Any) -> str:
    """What a call says in a last argument of its own. Raises AllotError."""
    place = _TEXT()
    library().check(name, *arguments, ctypes.byref(place))
    return text_of(place.value)


@functools.lru_cache(maxsize=None)
def library() -> Library:
    """The library, loaded when it is first needed: the one of this package, or the one that the environment variable
    ALLOT_LIBRARY names. Raises InternalError."""
    return Library(Path(os.environ.get(LIBRARY_VARIABLE) or Path(__file__).parent / 'lib' / 'liballot.so.0'))
