"""ONNX Runtime as the user has it: finding it, and a session for a part with the provider of its device."""

from __future__ import annotations

import importlib
from typing import Any, List, Tuple, Union

from ..errors import RunError
from .manifest import DeviceHint

# What the hints of targets call the providers of ONNX Runtime.
_PROVIDERS = {
    'cpu': 'CPUExecutionProvider', 'cuda': 'CUDAExecutionProvider', 'tensorrt': 'TensorrtExecutionProvider',
    'rocm': 'ROCMExecutionProvider', 'migraphx': 'MIGraphXExecutionProvider', 'openvino': 'OpenVINOExecutionProvider',
    'qnn': 'QNNExecutionProvider', 'dml': 'DmlExecutionProvider', 'coreml': 'CoreMLExecutionProvider',
    'webgpu': 'WebGpuExecutionProvider',
}
_WITH_DEVICE_ID = {'cuda', 'tensorrt', 'rocm', 'migraphx', 'dml'}
CPU = 'cpu'


def load_runtime() -> Any:
    """The module onnxruntime. Raises RunError with the remedy where it is not installed."""
    try:
        return importlib.import_module('onnxruntime')
    except ImportError as error:
        raise RunError(f"running a plan needs ONNX Runtime, and it does not load ({error}): pip install onnxruntime") from None


def check_device(ort: Any, device: DeviceHint) -> None:
    """Raises RunError where no provider of this installation runs the device."""
    if not device.provider:
        raise RunError(f"device {device.name} has no runtime.provider in the target; run(..., on='cpu') runs every part on the CPU")
    there = ort.get_available_providers()
    if _PROVIDERS.get(device.provider) not in there:
        known = [name for name, full in _PROVIDERS.items() if full in there]
        raise RunError(f'device {device.name} runs on provider {device.provider}, which is not installed here (there is '
                       f"{', '.join(known)}); run(..., on='cpu') runs every part on the CPU")


def make_session(ort: Any, path: str, device: DeviceHint) -> Any:
    """A session of the file at `path` for a device that check_device() let pass. Raises RunError."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = device.threads
    options.log_severity_level = 3  # errors: its warnings are of what it cannot know of a part
    providers: List[Union[str, Tuple[str, Any]]] = [_PROVIDERS[CPU]]
    if device.provider != CPU:
        settings = {'device_id': str(device.ordinal)} if device.provider in _WITH_DEVICE_ID else {}
        providers.insert(0, (_PROVIDERS[device.provider], settings))
    try:
        return ort.InferenceSession(path, options, providers=providers)
    except Exception as error:  # of many types, all of ONNX Runtime's own
        raise RunError(f'{path}: ONNX Runtime does not load it for {device.name}: {error}') from error
