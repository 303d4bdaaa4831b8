"""Running the parts of a plan in ONNX Runtime, from the files that a plan was saved as (docs/outputs.md)."""

from .runner import Runner, plan_runner

__all__ = ['Runner', 'plan_runner']
