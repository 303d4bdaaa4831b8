"""The report of a run as text."""

from __future__ import annotations

import sys
from typing import Any, Dict, List

from ..running.run_options import PIPELINE
from ..support.statistics import NOISY
from ..support.terminal import in_tone
from ..support.text import duration, percent, table

_MOST_TOKENS = 20


def _summary(report: Dict[str, Any]) -> str:
    pipeline = report['mode'] == PIPELINE
    text = f"the whole model on {report['whole']}, " if report.get('whole') else ''
    text += f"{report['mode']}, {report['samples']} samples: {duration(report['measured_us'])}{' per sample' if pipeline else ''}"
    if report['predicted_us'] is not None:
        text += f", predicted {duration(report['predicted_us'])} ({'+' if report['error'] > 0 else ''}{percent(report['error'])})"
    times = report['latency_us']
    text += (f"\n\n  latency: median {duration(times['median'])}, 90 % {duration(times['p90'])}, 99 % {duration(times['p99'])}, "
             f"longest {duration(times['max'])}\n")
    if report['noise'] > NOISY:
        what = 'stretches of the stream' if pipeline else 'half of the samples'
        text += in_tone('warning', f"  noisy: {what} differ by {percent(report['noise'])}, so differences below that say little; "
                        'end other work on this machine, or take more --samples\n', sys.stdout)
    if pipeline:
        per_second = report['throughput_per_s']
        text += f"  throughput: {'-' if per_second is None else f'{per_second:.2f}'} per second, {report['in_flight']} samples in flight\n"
    return text


def _rows(head: List[str], rows: List[List[Any]], predicted: List[Any], at: int) -> str:
    """A table, with a column for what was predicted, where anything was for what ran."""
    if any(value is not None for value in predicted):
        head = [*head[:at], 'predicted', *head[at:]]
        rows = [[*row[:at], duration(value), *row[at:]] for row, value in zip(rows, predicted)]
    return '\n' + table([head, *rows])


def text_report(report: Dict[str, Any]) -> str:
    """For people."""
    devices, parts = report['devices'], report['parts']
    text = _summary(report)
    text += _rows(['device', 'provider', 'busy', 'utilisation'],
                  [[device['id'], device['provider'], duration(device['busy_us']), percent(device['utilisation'])] for device in devices],
                  [device.get('predicted_busy_us') for device in devices], 3)
    text += _rows(['part', 'device', 'measured', 'computing', 'reading', 'writing', 'spread'],
                  [[part['id'], part['device'], duration(part['measured_us']), duration(part['compute_us']), duration(part['read_us']),
                    duration(part['write_us']), percent(part['spread'])] for part in parts],
                  [part.get('predicted_us') for part in parts], 3)
    text += _links(report)
    if report.get('moved'):
        text += (f"\n  parts of {', '.join(report['moved'])} ran on the CPU: measured, and not compared with what was predicted for "
                 'other devices\n')
    if report.get('lanes'):
        text += '\n' + table([['lane', 'share', 'samples', 'parts', 'latency'],
                              *([number, lane['share'], lane['samples'], ' '.join(lane['parts']), duration(lane['latency_us']['median'])]
                                for number, lane in enumerate(report['lanes']))])
    text += _state(report)
    check = report.get('check')
    if check:
        how = 'bit for bit' if check['tolerance'] == 0 else f"largest difference {_exponential(check['worst'])}"
        what = 'samples' if 'steps' not in report else 'steps'
        text += f"\n  all outputs of {check['compared']} {what} equal the whole model's ({how})\n"
    return text


def _links(report: Dict[str, Any]) -> str:
    """Of a run across hosts: what travelled, each way between two devices."""
    if not report.get('links'):
        return ''
    hosts = ', '.join(f"{host['name']} runs {' '.join(host['devices'])}" for host in report['hosts'])
    rows = [[f"{link['from']} to {link['to']}", _bytes(link['bytes']), duration(link['measured_us'])] for link in report['links']]
    return _rows(['link', 'per sample', 'measured'], rows, [link['predicted_us'] for link in report['links']], 2) + f'\n  {hosts}\n'


def _state(report: Dict[str, Any]) -> str:
    """Of steps: what they left to each other, and the tokens of a decoder."""
    if 'state' not in report:
        return ''
    state, text = report['state'], ''
    pairs, crossed = state['pairs'], state['crossed_bytes']
    text += f"\n  state: {len(pairs)} output{'' if len(pairs) == 1 else 's'} fed back, {_bytes(state['bytes'])} at the last step; "
    text += 'none of it crosses devices\n' if crossed == 0 else f'{_bytes(crossed)} cross devices at each step\n'
    for pair in pairs:
        if pair['sent_to']:
            text += f"    {pair['output']}, made on {pair['device']}, is sent to {', '.join(pair['sent_to'])}\n"
    if 'tokens' in report:
        first = [str(chosen[0]) for chosen in report['tokens'][:_MOST_TOKENS]]
        text += f"  tokens: {' '.join(first)}{' ...' if len(report['tokens']) > _MOST_TOKENS else ''}\n"
    return text


def _bytes(count: float) -> str:
    for unit, size in (('GiB', 1 << 30), ('MiB', 1 << 20), ('KiB', 1 << 10)):
        if count >= size:
            return f'{count / size:.1f} {unit}'
    return f'{count:.0f} bytes'


def _exponential(value: float) -> str:
    mantissa, exponent = f'{value:.1e}'.split('e')
    return f'{mantissa}e{int(exponent):+d}'
