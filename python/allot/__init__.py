"""Allot decides where an ONNX model runs on a machine of unlike devices.

    import allot

    model = allot.load('model.onnx')
    plan = model.plan(target='cpu-2gpu', objective='throughput')
    plan.value                    # seconds per inference, predicted
    plan.explain('conv1')         # why the node is on its device
    plan.save('out')              # the parts as ONNX files, and how to run them
    outputs = plan.run({'image': image}, on='cpu')

docs/python.md is the tutorial.
"""

from typing import TYPE_CHECKING

from .errors import AllotError, AllotWarning, InternalError, InvalidInput, OutOfMemory, RunError
from .library import library as _library
from .model import Model, load
from .plan import Device, Node, Part, Plan, Tensor, Transfer
from .target import Target

__all__ = ['AllotError', 'AllotWarning', 'Device', 'InternalError', 'InvalidInput', 'Model', 'Node', 'OutOfMemory', 'Part',
           'Plan', 'RunError', 'Target', 'Tensor', 'Transfer', 'load']

if TYPE_CHECKING:
    __version__: str


def __getattr__(name: str) -> str:
    if name == '__version__':  # the library's, which is loaded when it is first needed
        return _library().text('version')
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
