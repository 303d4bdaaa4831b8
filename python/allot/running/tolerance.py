"""What a comparison with the whole model allows."""

from __future__ import annotations

from typing import Sequence

from .manifest import Manifest
from .run_devices import RunDevice
from .runtime import CPU
from .small_floats import SMALL_FLOATS

_COARSE = 1e-2


def default_tolerance(manifest: Manifest, devices: Sequence[RunDevice], level: str) -> float:
    """What --check allows if nobody says. Parts on CPUs with optimisations off compute what the whole model does, bit for bit;
    fusions, which end where parts do, round elsewhere. Other providers may multiply in fewer bits than float32 has, and between
    two operators in float16 or less the CPU provider keeps float32, which cannot cross from part to part."""
    types = {tensor.dtype for tensor in manifest.signature.values()}
    if any(device.hint.provider != CPU for device in devices) or 'float16' in types or types & SMALL_FLOATS:
        return _COARSE
    return 0.0 if level == 'disabled' else 1e-4


def not_the_whole(at: str, output: str, why: str, tolerance: float, level: str) -> str:
    """The error of an output that is not the whole model's. `at`: of which sample; `why`: as difference() says."""
    # Above all quantised models change: a rounding that moves makes a whole step.
    remedy = '' if level == 'disabled' else '; fusions end where parts do: compare with --opt=disabled, or set --tolerance'
    return f'{at}: output {output}: {why}, which the whole model gives (tolerance {tolerance:g}){remedy}'
