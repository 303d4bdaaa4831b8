"""Allot from Python: the C interface by ctypes, with nothing but the standard library."""

import contextlib
import ctypes
import json
import os


def _text(chars):
    # Names in a damaged model may be no UTF-8.
    return chars.decode(errors='replace')


class AllotError(Exception):
    """What the library says is wrong."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def _load(folder, name):
    # Global: plug-ins, and libraries that add to Allot, find its symbols there.
    path = os.path.join(folder, name) if folder else name
    return ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)


class Allot:
    """The library; `folder`: where liballot.so is, if not where the system looks."""

    def __init__(self, folder=None, milp=False):
        self._lib = _load(folder, 'liballot.so.0')
        # Handles are pointers; as int they would be cut to 32 bits.
        text, number, handle = ctypes.c_char_p, ctypes.c_int64, ctypes.c_void_p
        results = {text: ['version', 'status_message', 'plan_device_name', 'plan_node_name', 'plan_node_reason',
                          'plan_diagnostic'],
                   number: ['plan_value_ps', 'plan_bound_ps', 'plan_num_nodes', 'plan_node_device',
                            'plan_num_diagnostics'],
                   handle: ['options_create', 'options_set', 'compile', 'compile_memory', 'prepare', 'prepare_memory', 'model_plan',
                            'plan_json', 'plan_write']}
        for result, names in results.items():
            for name in names:
                self._function(name).restype = result
        self._add_milp = None
        if milp:
            self._add_milp = _load(folder, 'liballot_milp.so.0').allot_options_add_milp
            self._add_milp.restype = handle

    def _function(self, name):
        return getattr(self._lib, 'allot_' + name)

    def _check(self, status):
        if not status:
            return
        status = ctypes.c_void_p(status)
        error = AllotError(self._lib.allot_status_code(status), _text(self._lib.allot_status_message(status)))
        self._lib.allot_status_free(status)
        raise error

    @property
    def version(self):
        return _text(self._lib.allot_version())

    def compile(self, model, **options):
        """Places a model, a path or bytes. Options as of the program, `target='cpu-2gpu'`, with _ for -; a list for
        what may be given more than once."""
        plan = ctypes.c_void_p()
        with self._options(options) as handle:
            self._read(model, handle, plan, self._lib.allot_compile, self._lib.allot_compile_memory)
        return Plan(self, plan)

    def prepare(self, model, **options):
        """Reads a model once, to be placed many times: prepare('model.onnx').plan(target='cpu-2gpu'). Of the options
        those of the model count: set, strict_shapes, pass_pipeline, load_plugin."""
        prepared = ctypes.c_void_p()
        with self._options(options) as handle:
            self._read(model, handle, prepared, self._lib.allot_prepare, self._lib.allot_prepare_memory)
        return Model(self, prepared)

    def _read(self, model, options, result, from_file, from_memory):
        if isinstance(model, bytes):
            self._check(from_memory(options, model, ctypes.c_size_t(len(model)), None, ctypes.byref(result)))
        else:
            self._check(from_file(options, os.fsencode(model), ctypes.byref(result)))

    @contextlib.contextmanager
    def _options(self, options):
        handle = ctypes.c_void_p()
        self._check(self._lib.allot_options_create(ctypes.byref(handle)))
        try:
            if self._add_milp:
                self._check(self._add_milp(handle))
            for name, value in options.items():
                for one in value if isinstance(value, (list, tuple)) else [value]:
                    self._check(self._lib.allot_options_set(handle, name.replace('_', '-').encode(), str(one).encode()))
            yield handle
        finally:
            self._lib.allot_options_free(handle)


class _Handle:
    """Lives until close(), or as a context until the end of the block."""

    def __init__(self, allot, handle):
        self._allot, self._lib, self._handle = allot, allot._lib, handle

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Model(_Handle):
    """A model that is read and ready to be placed; may be used by several threads."""

    def close(self):
        self._lib.allot_model_free(self._handle)

    def plan(self, **options):
        """Places it: the plan of compile() with these options."""
        plan = ctypes.c_void_p()
        with self._allot._options(options) as handle:
            self._allot._check(self._lib.allot_model_plan(self._handle, handle, ctypes.byref(plan)))
        return Plan(self._allot, plan)


class Plan(_Handle):
    """A model placed on a machine."""

    def close(self):
        self._lib.allot_plan_free(self._handle)

    @property
    def value_ps(self):
        return self._lib.allot_plan_value_ps(self._handle)

    @property
    def bound_ps(self):
        return self._lib.allot_plan_bound_ps(self._handle)

    @property
    def diagnostics(self):
        count = self._lib.allot_plan_num_diagnostics(self._handle)
        return [_text(self._lib.allot_plan_diagnostic(self._handle, ctypes.c_int64(i))) for i in range(count)]

    def nodes(self):
        """(name, device or None) of every node."""
        for i in range(self._lib.allot_plan_num_nodes(self._handle)):
            index = ctypes.c_int64(i)
            device = self._lib.allot_plan_node_device(self._handle, index)
            name = _text(self._lib.allot_plan_node_name(self._handle, index))
            yield name, None if device < 0 else self._device_name(device)

    def _device_name(self, device):
        return _text(self._lib.allot_plan_device_name(self._handle, ctypes.c_int64(device)))

    def json(self):
        """All of the plan, as in plan.json."""
        text = ctypes.c_char_p()
        self._allot._check(self._lib.allot_plan_json(self._handle, ctypes.byref(text)))
        return json.loads(text.value)

    def write(self, folder, emit=''):
        self._allot._check(self._lib.allot_plan_write(self._handle, os.fsencode(folder), emit.encode()))
