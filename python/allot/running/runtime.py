"""ONNX Runtime as the user has it: finding it, its providers, and a session for a part on a device."""

from __future__ import annotations

import importlib
import os
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ..errors import RunError
from ..support.text import one_line
from .cores import core_list
from .manifest import DeviceHint

# What the hints of targets call the providers of ONNX Runtime, and the packages that have them.
_PROVIDERS: Dict[str, Tuple[str, str]] = {
    'cpu': ('CPUExecutionProvider', 'onnxruntime'),
    'cuda': ('CUDAExecutionProvider', 'onnxruntime-gpu'),
    'tensorrt': ('TensorrtExecutionProvider', 'onnxruntime-gpu'),
    'rocm': ('ROCMExecutionProvider', 'onnxruntime-rocm'),
    'migraphx': ('MIGraphXExecutionProvider', 'onnxruntime-migraphx'),
    'openvino': ('OpenVINOExecutionProvider', 'onnxruntime-openvino'),
    'qnn': ('QNNExecutionProvider', 'onnxruntime-qnn'),
    'dml': ('DmlExecutionProvider', 'onnxruntime-directml'),
    'coreml': ('CoreMLExecutionProvider', 'onnxruntime'),
    'webgpu': ('WebGpuExecutionProvider', 'onnxruntime-webgpu'),
}
_WITH_DEVICE_ID = {'cuda', 'tensorrt', 'rocm', 'migraphx', 'dml'}
# Where a provider keeps what it computes, if that is not the memory of the CPU.
_MEMORY = {'cuda': 'cuda', 'tensorrt': 'cuda', 'rocm': 'cuda', 'migraphx': 'cuda'}
# Providers that stand for several kinds of devices.
_OPENVINO_DEVICES = {'cpu': 'CPU', 'gpu': 'GPU', 'npu': 'NPU'}
_QNN_BACKENDS = {'cpu': 'cpu', 'gpu': 'gpu', 'npu': 'htp'}
CPU = 'cpu'
LEVELS = ('disabled', 'basic', 'extended', 'all')
"""The optimisation levels of a session; parts must be measured at the level that they run at."""
_LEVELS = {'disabled': 'ORT_DISABLE_ALL', 'basic': 'ORT_ENABLE_BASIC', 'extended': 'ORT_ENABLE_EXTENDED', 'all': 'ORT_ENABLE_ALL'}
ERRORS_ONLY = 3
"""Of what the runtime prints: its warnings are of what it cannot know of a part."""
_FATAL_ONLY = 4


@dataclass(frozen=True)
class SessionSettings:
    """What a session is made with. Goes to workers as JSON."""

    providers: Tuple[str, ...] = (CPU,)  # as hints call them, in order of preference; the CPU is behind them anyway
    ordinal: int = 0  # of the device among those of its provider
    kind: str = ''  # of the device: 'cpu', 'gpu', 'npu', where a provider has several
    threads: int = 0  # 0: the runtime's choice
    level: str = 'all'
    severity: int = _FATAL_ONLY  # of what the runtime prints
    profile_prefix: Optional[str] = None  # of the file that a profile goes to
    optimized_path: Optional[str] = None  # where the optimised model is to be saved
    config: Dict[str, str] = field(default_factory=dict)  # entries by their names in ONNX Runtime

    def to_json(self) -> Dict[str, Any]:
        """The whole as JSON."""
        return asdict(self)

    @staticmethod
    def from_json(said: Dict[str, Any]) -> 'SessionSettings':
        """What to_json() made."""
        return SessionSettings(**{**said, 'providers': tuple(said['providers'])})


def load_runtime() -> Any:
    """The module onnxruntime. Raises RunError with the remedy where it is not installed."""
    # Since 1.29 builds for Linux send usage data, of models too, and leave files in the folder for temporaries, unless told
    # not to before they are loaded.
    os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')
    try:
        return importlib.import_module('onnxruntime')
    except ImportError as error:
        raise RunError(f'running a plan needs ONNX Runtime, and it does not load ({error}): pip install onnxruntime') from None


def runtime_name(provider: str, there: List[str]) -> Optional[str]:
    """What ONNX Runtime calls the provider of a hint; None: it is not among those that are there."""
    if provider in _PROVIDERS:
        full = _PROVIDERS[provider][0]
        return full if full in there else None
    # One that is newer than this: by its name, with or without what all end in.
    wanted = provider.lower()
    return next((full for full in there if full.lower() in (wanted, wanted + 'executionprovider')), None)


def package_of(provider: str) -> Optional[str]:
    """The package that has the provider of a hint, if that is known."""
    return _PROVIDERS[provider][1] if provider in _PROVIDERS else None


def available_providers(ort: Any) -> List[str]:
    """The providers that this installation of ONNX Runtime has, as hints call them: ['cpu', ...]."""
    there = ort.get_available_providers()
    known = [name for name, (full, _) in _PROVIDERS.items() if full in there]
    full_names = {full for full, _ in _PROVIDERS.values()}
    return known + [full[:-len('ExecutionProvider')].lower() for full in there
                    if full not in full_names and full.endswith('ExecutionProvider')]


def check_device(ort: Any, device: DeviceHint, on_cpu: str) -> None:
    """Raises RunError where no provider of this installation runs the device; `on_cpu` is how to run every part on the CPU."""
    if not device.provider:
        raise RunError(f'device {device.name} has no runtime.provider in the target; {on_cpu} runs every part on the CPU')
    if runtime_name(device.provider, ort.get_available_providers()) is None:
        there = ', '.join(available_providers(ort))
        package = package_of(device.provider)
        remedy = f'; pip install {package} brings it' if package else ''
        raise RunError(f'device {device.name} runs on provider {device.provider}, which is not installed here (there is {there})'
                       f'{remedy}; {on_cpu} runs every part on the CPU')


def session_settings(device: DeviceHint, level: str, **more: Any) -> SessionSettings:
    """For the parts of a device. Threads that are not given follow from the cores that its worker is pinned to."""
    threads = device.threads or len(core_list(device.cores))
    return SessionSettings(providers=(device.provider or CPU,), ordinal=device.ordinal, kind=device.kind, threads=threads,
                           level=level, **more)


def memory_of(settings: SessionSettings) -> Tuple[str, int]:
    """Where the results of a session should stay: type and number of the device, for IO binding."""
    memory = _MEMORY.get(settings.providers[0])
    return (CPU, 0) if memory is None else (memory, settings.ordinal)


def _provider_options(provider: str, ordinal: int, kind: str) -> Dict[str, str]:
    if provider in _WITH_DEVICE_ID:
        return {'device_id': str(ordinal)}
    if provider == 'openvino' and kind in _OPENVINO_DEVICES:
        return {'device_type': _OPENVINO_DEVICES[kind] + (f'.{ordinal}' if kind == 'gpu' and ordinal > 0 else '')}
    if provider == 'qnn' and kind in _QNN_BACKENDS:
        return {'backend_type': _QNN_BACKENDS[kind]}
    return {}


def provider_list(ort: Any, providers: Sequence[str], ordinal: int, kind: str = '') -> List[Any]:
    """Providers of hints as InferenceSession takes them, with their options, and the CPU's behind them."""
    there = ort.get_available_providers()
    wanted = [(runtime_name(one, there) or one, _provider_options(one, ordinal, kind)) for one in providers if one != CPU]
    return [*wanted, _PROVIDERS[CPU][0]]


def make_session(ort: Any, path: str, settings: SessionSettings) -> Any:
    """A session of the file at `path`. Raises RunError, also where a provider is there and does not start."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, _LEVELS[settings.level])
    options.log_severity_level = settings.severity
    for key, value in settings.config.items():
        options.add_session_config_entry(key, str(value))
    if settings.profile_prefix is not None:
        options.enable_profiling = True
        options.profile_file_prefix = settings.profile_prefix
    if settings.optimized_path is not None:
        options.optimized_model_filepath = settings.optimized_path
    if _MEMORY.get(settings.providers[0]) == 'cuda' and hasattr(ort, 'preload_dlls'):
        ort.preload_dlls()  # CUDA and cuDNN may have come with pip
    wanted = provider_list(ort, settings.providers, settings.ordinal, settings.kind)
    try:
        session = ort.InferenceSession(path, options, providers=wanted, enable_fallback=0)
    except Exception as error:  # of many types, all of ONNX Runtime's own
        raise RunError(one_line(str(error))) from None
    # ONNX Runtime goes on without a provider whose libraries do not load.
    lacking = [full for full, _ in wanted[:-1] if full not in session.get_providers()]
    if lacking:
        raise RunError(f'{", ".join(lacking)} does not start here: ONNX Runtime has it and cannot load what it needs '
                       '(drivers or libraries of the device)')
    return session
