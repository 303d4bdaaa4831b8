"""Inputs where every worker can read them."""

from __future__ import annotations

from typing import Dict, Sequence

from .conductor import Value
from .inputs import Inputs
from .tensors import to_bytes
from .workers import Workers


def share_inputs(workers: Workers, sets: Sequence[Inputs]) -> Sequence[Dict[str, Value]]:
    """Writes sets of inputs into the workers' memory. Raises RunError if there is no room."""
    shared = []
    for one in sets:
        values: Dict[str, Value] = {}
        for name, tensor in one.items():
            data, region = to_bytes(tensor), workers.new_region()
            workers.memory.write(region, data)
            values[name] = tensor.type, list(tensor.dims), len(data), region
        shared.append(values)
    return shared
