"""The measured schedule, put into the report page that allot has written beside the manifest (model.report.html)."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple

from ..errors import RunError
from ..support.files import check_writable, read_input, reason, write_whole
from ..support.statistics import median
from .conductor import Sample
from .manifest import Manifest

if TYPE_CHECKING:  # a page can be written without what running needs
    from .plan_run import PlanRun

_BEGIN, _END = b'<script type="application/json" id="measured">', b'</script>'
_MOST_SAMPLES, _MOST_RUNS = 20, 4000


def measured_schedule(run: 'PlanRun') -> Dict[str, Any]:
    """What the page shows of a run: the numbers of its report, and when parts ran in `runs`: [part, sample, start, read, computed,
    end], the part an index into `parts`. Those are successive samples: for latency half of them at most, so that there is a
    choice, from a typical one on; for a stream its middle. Times are microseconds from when the first of them began, in a stream
    from its first part."""
    report, samples = run.report, run.samples
    stream = report['mode'] == 'pipeline'
    most = len(samples) if stream else (len(samples) + 1) // 2
    shown = max(1, min(most, _MOST_SAMPLES, _MOST_RUNS // max(1, len(run.flow.parts))))
    first = (len(samples) - shown) // 2 if stream else _most_typical(samples, len(samples) - shown)
    some = samples[first:first + shown]
    began = min((run.times_us[0] for run in some[0].runs), default=some[0].begin_us)
    origin = began if stream else some[0].begin_us
    runs: List[List[Any]] = [[one.part, sample.index, *(round(time - origin, 2) for time in one.times_us)]
                             for sample in some for one in sample.runs]
    kept = ('mode', 'level', 'samples', 'in_flight', 'measured_us', 'predicted_us', 'error', 'moved', 'latency_us')
    return {'schema': 'allot.measured/1', **{key: report[key] for key in kept if key in report},
            'devices': [{key: device[key] for key in ('id', 'busy_us', 'utilisation')} for device in report['devices']],
            'parts': [{key: part[key] for key in ('id', 'measured_us', 'read_us', 'compute_us', 'write_us')} for part in report['parts']],
            'runs': runs}


def _most_typical(samples: Sequence[Sample], last: int) -> int:
    """The index, at most `last`, of the sample whose latency is nearest to the median of all."""
    latencies = [sample.end_us - sample.begin_us for sample in samples]
    middle = median(latencies) or 0.0
    return min(range(last + 1), key=lambda i: abs(latencies[i] - middle))


def _place_in(page: bytes, path: str) -> Tuple[int, int]:
    """Where the page keeps what was measured. It writes no '<' within its data, so what looks like the beginning of the place
    is it."""
    begin = page.find(_BEGIN)
    start = begin + len(_BEGIN)
    end = page.find(_END, start)
    if begin < 0 or end < 0 or page.find(_BEGIN, start) >= 0:
        raise RunError(f'{path}: not a report as allot writes it; write it again with allot')
    return start, end


def _read_page(path: str) -> bytes:
    try:
        return read_input(path)
    except FileNotFoundError:
        raise RunError(f'cannot read {path}: there is no such file; write it with allot (its output "report")') from None
    except OSError as error:
        raise RunError(f'cannot read {path}: {reason(error)}') from None


def find_report(manifest: Manifest) -> str:
    """The report beside a manifest. Raises RunError, before long work, unless it can be changed."""
    path = os.path.join(manifest.folder, 'model.report.html')
    _place_in(_read_page(path), path)
    check_writable(path)
    return path


def write_measured(path: str, measured: Dict[str, Any]) -> None:
    """Puts `measured` into the page, in place of what was there. The file changes whole or not at all. Raises RunError."""
    page = _read_page(path)
    start, end = _place_in(page, path)
    text = json.dumps(measured, separators=(',', ':')).replace('<', '\\u003c')
    write_whole(path, page[:start] + text.encode() + page[end:])
