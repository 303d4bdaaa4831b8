"""What came of a tuning, as JSON and as text."""

from __future__ import annotations

import math
import sys
from typing import Any, Dict, List, Mapping, Optional

from ..running.manifest import Manifest
from ..support.statistics import NOISY
from ..support.terminal import in_tone
from ..support.text import duration, percent, table
from .tuned_folder import SCHEMA
from .tuning import Choice, Tuning

Report = Dict[str, Any]


def tuning_report(tuning: Tuning, choice: Choice, manifest: Manifest) -> Report:
    """The result as plain JSON. `manifest`: of the chosen plan."""
    times = {one.kind: one.measured for one in choice.competitors}
    chosen = choice.chosen
    value, predicted, split = chosen.measured, manifest.predicted_us or 0.0, times.get('split')
    rest = [one.measured for one in choice.competitors if one is not chosen]
    unsplit = [one.measured for one in choice.competitors if one.kind != 'split']
    said: Report = {'kind': chosen.kind}
    said.update({'round': chosen.round.name, 'parts': chosen.round.parts} if chosen.round else {'device': chosen.whole, 'parts': 1})
    return {
        'schema': SCHEMA, 'objective': tuning.request.objective, 'target': tuning.request.target,
        'rounds': [{'round': one.name, 'parts': one.parts, 'kind': one.kind, 'predicted_us': one.predicted, 'measured_us': one.measured,
                    'error': one.error, 'same_as_before': one.seen} for one in tuning.rounds],
        'single': [{'device': one.device, 'measured_us': one.measured} for one in tuning.singles],
        'compared': [{'kind': one.kind, 'name': one.name, 'measured_us': one.measured, 'noise': one.noise} for one in choice.competitors],
        'chosen': said, 'splitting_pays': split is not None and split < min(unsplit), 'measured_us': value, 'predicted_us': predicted,
        'error': (predicted - value) / value, 'single_us': times.get('single'), 'together_us': times.get('together'),
        'copies_us': times.get('copies'), 'split_us': split, 'gain': times['single'] / value,
        'gain_over_next': min(rest) / value if rest else None,
    }


def _time_of(row: Mapping[str, Any]) -> float:
    return float(row['measured_us'])


def _kept_of(report: Report) -> Mapping[str, Any]:
    return next(row for row in report['compared'] if row['kind'] == report['chosen']['kind'])


_WHY_NOT = {'together': 'a device of another target', 'copies': 'excluded by --replicas=no'}


def _conclusion(report: Report) -> str:
    """What is kept, what is next to it or better, and whether splitting is worth its while: a sentence each."""
    each = ' per inference' if report['objective'] == 'throughput' else ''
    kept = _kept_of(report)
    others = [row for row in report['compared'] if row is not kept]

    def times(other: Mapping[str, Any]) -> str:
        return f'{_time_of(other) / _time_of(kept):.2f} times as fast as {other["name"]}'

    text = f'kept: {kept["name"]}, {duration(_time_of(kept))}{each}'
    slower = [row for row in others if _time_of(row) >= _time_of(kept)]
    if slower:
        shown = [min(slower, key=_time_of)]
        shown += [row for row in slower if row['kind'] == 'single' and row is not shown[0]][:1]
        text += f': {", ".join(map(times, shown))}'
    text += '\n'
    for row in others:
        if _time_of(row) < _time_of(kept):
            text += f'faster, but {_WHY_NOT.get(row["kind"], "not kept")}: {row["name"]}, {duration(_time_of(row))}{each}\n'
    if report['splitting_pays']:
        return f'{text}{in_tone("good", "splitting pays", sys.stdout)}: nothing that leaves the model whole is as fast\n'
    whole = min((row for row in report['compared'] if row['kind'] != 'split'), key=_time_of)
    why = 'no split was predicted to be better' if report['split_us'] is None else \
        f'{duration(report["split_us"])}{each} split, {duration(_time_of(whole))} with {whole["name"]}'
    return f'{text}{in_tone("warning", "splitting does not pay", sys.stdout)}: {why}\n'


def _noise(report: Report) -> str:
    """What the three turns say of each other: whether who is ahead may be so by chance."""
    noisiest, kept = max(report['compared'], key=lambda row: float(row['noise'])), _kept_of(report)
    nearest = min((abs(_time_of(row) / _time_of(kept) - 1) for row in report['compared'] if row is not kept), default=math.inf)
    text = ''
    if noisiest['noise'] > NOISY:
        text += (f'noisy: three measurements of {noisiest["name"]} differ by {percent(noisiest["noise"])}; end other work on this machine, '
                 'or measure for more --seconds\n')
    if nearest < noisiest['noise']:
        text += (f'the next is {percent(nearest)} away, which is less than measurements differ by ({percent(noisiest["noise"])}): '
                 'it may be as good\n')
    return in_tone('warning', text, sys.stdout) if text else ''


def tuning_text(report: Report, folder: Optional[str] = None) -> str:
    """The same for people. `folder`: where the plan was written, if anywhere."""
    rounds: List[List[Any]] = [['round', 'kind', 'parts', 'predicted', 'measured', 'error']]
    rounds += [[row['round'], row['kind'], row['parts'], duration(row['predicted_us']), duration(row['measured_us']), percent(row['error'])]
               for row in report['rounds']]
    text = table(rounds) + '\n'
    if len(report['single']) > 1:
        text += table([['alone on', 'measured'], *([row['device'], duration(row['measured_us'])] for row in report['single'])]) + '\n'
    text += table([['side by side', 'measured'], *([row['name'], duration(row['measured_us'])] for row in report['compared'])]) + '\n'
    text += f'{_conclusion(report)}{_noise(report)}predicted {duration(report["predicted_us"])}, {percent(abs(report["error"]))} off\n'
    return f'{text}files in {folder}\n' if folder else text
