"""How a plan is to be run: what a command line or a program asks for, and what follows from the plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Mapping, Optional

from .dataflow import Dataflow
from .manifest import Manifest
from .state import AUTO
from .workers import STALL_TIMEOUT_S

LATENCY, PIPELINE = 'latency', 'pipeline'
_MOST_IN_FLIGHT = 16


@dataclass(frozen=True)
class RunOptions:
    """How to run. Counts are of samples, and None is what the plan or its mode suggests."""

    mode: Optional[str] = None  # LATENCY: one sample at a time; PIPELINE: a steady stream; None: as the plan's objective
    level: str = 'all'  # of LEVELS
    samples: int = 50
    warmup: int = 3
    in_flight: Optional[int] = None
    distinct: int = 4  # different inputs, taken in turn
    seed: int = 1
    dims: Mapping[str, int] = field(default_factory=dict)
    default_dim: Optional[int] = None
    spec_file: Optional[str] = None  # what is valid input
    inputs_folder: Optional[str] = None  # tensors that are the input
    on_cpu: bool = False
    check: bool = False
    tolerance: Optional[float] = None
    whole: Optional[str] = None  # a device that runs the unsplit model alone
    steps: Optional[int] = None  # in place of samples: each takes the state that the one before left
    state: str = AUTO  # what is fed back: AUTO, OFF, or 'OUT=IN,...'
    stall_timeout_s: float = STALL_TIMEOUT_S
    progress: Callable[[str], None] = lambda text: None


def mode_of(manifest: Manifest, options: RunOptions) -> str:
    """The mode that is meant."""
    return options.mode or (PIPELINE if manifest.objective == 'throughput' else LATENCY)


def enough_in_flight(flow: Dataflow) -> int:
    """Samples on their way: a lane can have one in each of its parts, and the next one ready."""
    return min(max(_MOST_IN_FLIGHT, 2 * len(flow.lanes)), max(2, len(flow.parts) + len(flow.lanes)))
