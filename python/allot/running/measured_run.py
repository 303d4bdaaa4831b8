"""What a stream of samples left, and the report that is made of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

from ..support.statistics import mean, median, spread, summarise
from .conductor import Sample
from .dataflow import Dataflow
from .manifest import Manifest
from .run_devices import RunDevice
from .run_options import PIPELINE, RunOptions
from .run_report import device_use, lane_use, part_times, period_of, share_within


@dataclass(frozen=True)
class MeasuredRun:
    """What a stream left to make a report of."""

    manifest: Manifest
    options: RunOptions
    mode: str
    flow: Dataflow
    devices: Sequence[RunDevice]
    all: List[Sample]
    warmup: int
    count: int
    in_flight: int
    extra: Dict[str, Any]  # of steps
    warmup_said: Optional[int] = None  # where it is not part of the stream

    def report(self, check: Optional[Dict[str, Any]]) -> Dict[str, Any]:
        manifest, flow, options = self.manifest, self.flow, self.options
        pipeline = self.mode == PIPELINE
        samples = self.all[self.warmup:self.warmup + self.count]
        period = period_of(self.all, self.warmup, self.count, len(flow.turns))
        latencies = [sample.end_us - sample.begin_us for sample in samples]
        # A plan is a prediction for its own devices: what runs elsewhere is measured, and compared with nothing.
        moved = [device.name for device in self.devices if device.moved]
        predicted = None if options.whole is not None or moved else manifest.predicted_us
        if manifest.objective != ('throughput' if pipeline else 'latency'):
            predicted = None
        measured = period.median_us if pipeline else median(latencies)
        average = mean(latencies)

        def share(device: str, busy: float) -> float:
            if pipeline:
                return share_within(flow, self.all, device, period)
            return busy / average if average else 0.0

        def predicted_busy(device: str) -> Optional[float]:
            # Of all lanes together.
            some = options.whole is not None or moved or len(flow.lanes) < len(manifest.lanes)
            return None if some else manifest.devices[device].busy_us

        report: Dict[str, Any] = {
            'schema': 'allot.run/1', 'manifest': os.path.basename(manifest.file), 'mode': self.mode, 'level': options.level,
            'whole': options.whole, 'samples': len(samples),
            'warmup': self.warmup if self.warmup_said is None else self.warmup_said, 'in_flight': self.in_flight,
            'predicted_us': predicted, 'measured_us': measured,
            'error': None if predicted is None or not measured else (predicted - measured) / measured,
            'noise': period.spread if pipeline else spread(latencies),
            'period_us': period.mean_us, 'period_median_us': period.median_us,
            'throughput_per_s': 1e6 / period.mean_us if period.mean_us else None, 'latency_us': summarise(latencies),
            'devices': device_use(flow, samples, self.devices, share, predicted_busy), 'moved': moved or None,
            'parts': part_times(flow, samples, bool(moved)), 'lanes': lane_use(flow, samples), **self.extra, 'check': check}
        return {key: value for key, value in report.items() if value is not None or key not in ('whole', 'moved', 'lanes')}
