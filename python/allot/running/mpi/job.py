"""What ranks are told of a run, and what they leave: passed from the launching program to rank 0 and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from ..dataflow import Dataflow
from ..inputs import Inputs
from ..manifest import Manifest
from ..run_devices import RunDevice
from ..tensors import Tensor


@dataclass(frozen=True)
class Job:
    """A stream of `count` samples through the parts of `flow`. Ranks are those of `devices` and `hosts`, in their order."""

    manifest: Manifest  # its folder is where each host has its files
    flow: Dataflow
    devices: Tuple[RunDevice, ...]
    hosts: Tuple[str, ...]
    level: str
    sets: List[Inputs]
    expected: Optional[List[Dict[str, Tensor]]]  # outputs of the whole model for each set
    tolerance: float
    in_flight: int
    count: int
    stall_timeout_s: float

    def rank_of(self, device: str) -> int:
        """The rank that runs a device."""
        return next(rank for rank, one in enumerate(self.devices) if one.name == device)

    def where(self, rank: int) -> str:
        """'device gpu0 on host a'"""
        return f'device {self.devices[rank].name} on host {self.hosts[rank]}'


@dataclass
class RankRecord:
    """What a rank saw, in nanoseconds of its own clock."""

    runs: List[Tuple[int, int, List[int]]]  # sample, part, [start, inputs read, computed, outputs written]
    arrivals: List[Tuple[int, str, int, int, int, int]]  # sample, tensor, source rank, bytes, sent (source's clock), arrived
    compared: int = 0
    worst: float = 0.0

    def to_json(self) -> Dict[str, Any]:
        """The whole as JSON."""
        return dict(vars(self))
