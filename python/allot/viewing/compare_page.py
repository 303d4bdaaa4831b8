"""Two plans beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from .page_text import escape_html, hash_of, percent, size, source, time

_MOST_MOVED = 200


@dataclass(frozen=True)
class Side:
    """One of the two: what it is called, where its report is, and what that says of the plan."""

    title: str
    url: str
    plan: Dict[str, Any]


def moved_nodes(before: Dict[str, Any], after: Dict[str, Any]) -> List[Tuple[str, str, str]]:
    """Nodes that two plans of a model put on different devices, (name, from, to), in the first one's order."""
    now = dict(_devices_of(after))
    return [(name, device, now[name]) for name, device in _devices_of(before) if now.get(name, device) != device]


def _devices_of(plan: Dict[str, Any]) -> List[Tuple[str, str]]:
    nodes, part_of, parts, devices = plan['nodes'], plan['clusters']['part'], plan['parts'], plan['devices']
    return [(name, devices[parts[part_of[cluster]]['device']]['name']) for name, cluster in zip(nodes['name'], nodes['cluster'])]


def _row(title: str, before: Any, after: Any, change: str = '', better: str = '') -> str:
    return (f'<tr><th scope="row">{escape_html(title)}</th><td>{escape_html(before)}</td><td>{escape_html(after)}</td>'
            f'<td class="{better}">{escape_html(change)}</td></tr>')


def _change(before: float, after: float) -> str:
    if before == after:
        return 'the same'
    return f'{"+" if after > before else "−"}{percent(abs(after / before - 1))}' if before > 0 else ''


def _rows(before: Dict[str, Any], after: Dict[str, Any]) -> str:
    """Rows of what both plans say; what is smaller is better."""
    first, second = before.get('summary'), after.get('summary')
    rows: List[str] = []
    if first and second:
        same = first['objective'] == second['objective']
        old, new = first['value_us'], second['value_us']
        rows.append(_row('objective', first['objective'], second['objective']))
        rows.append(_row('predicted latency' if same and first['objective'] == 'latency' else 'predicted, per inference',
                         time(old), time(new), _change(old, new) if same else '',
                         '' if not same or old == new else 'good' if new < old else 'poor'))
        rows.append(_row('lower bound', time(first.get('lower_bound_us')), time(second.get('lower_bound_us'))))
        rows.append(_row('found by', first['solver'], second['solver']))
        rows.append(_row('cut', size(first['cut_bytes']), size(second['cut_bytes']), _change(first['cut_bytes'], second['cut_bytes'])))
    rows.append(_row('parts', len(before['parts']), len(after['parts'])))
    rows.append(_row('transfers', len(before['transfers']), len(after['transfers'])))
    if first and second:
        others = {device['name']: device for device in after['devices']}
        for device in before['devices']:
            now = others.get(device['name'])
            if now is None:
                continue
            rows.append(_row(f'{device["name"]} busy', _busy(device, first), _busy(now, second)))
            rows.append(_row(f'{device["name"]} peak memory', size(device['peak_bytes']), size(now['peak_bytes'])))
    return '\n'.join(rows)


def _busy(device: Dict[str, Any], summary: Dict[str, Any]) -> str:
    share = percent(device['busy_us'] / summary['value_us']) if summary['value_us'] > 0 else '–'
    return f'{time(device["busy_us"])}, {share}'


def _moved_table(moved: List[Tuple[str, str, str]]) -> str:
    if not moved:
        return '<p class="muted">Every node that both models have is on the same device.</p>'
    lines = '\n'.join('<tr>' + ''.join(f'<td>{escape_html(cell)}</td>' for cell in row) + '</tr>' for row in moved[:_MOST_MOVED])
    more = f'<p class="muted">and {len(moved) - _MOST_MOVED} more</p>' if len(moved) > _MOST_MOVED else ''
    return ('<div class="scroll" tabindex="0" role="region" aria-label="Nodes on another device"><table><thead><tr><th scope="col">node</th>'
            f'<th scope="col">before</th><th scope="col">after</th></tr></thead><tbody>\n{lines}\n</tbody></table></div>{more}')


def compare_page(before: Side, after: Side) -> Tuple[str, str]:
    """The page, and the policy that goes with it."""
    moved, script = moved_nodes(before.plan, after.plan), '\n' + source('compare.js')
    sides = '\n'.join(
        f'<section aria-label="{which} plan"><h2><a href="{escape_html(side.url)}">{escape_html(side.title)}</a></h2>\n'
        f'<iframe src="{escape_html(side.url)}" title="{escape_html(side.title)}"></iframe></section>'
        for which, side in (('First', before), ('Second', after)))
    html = f'''<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Two plans – Allot</title>
<style>
{source('compare.css')}</style>
</head>
<body>
<main>
<header><p class="brand">Allot</p><h1>Two plans beside each other</h1></header>
<div class="facts">
<section class="panel"><h2>What differs</h2><div class="scroll" tabindex="0" role="region" aria-label="What differs"><table>
<thead><tr><td></td><th scope="col">{escape_html(before.title)}</th><th scope="col">{escape_html(after.title)}</th><th scope="col">change</th></tr></thead>
<tbody>
{_rows(before.plan, after.plan)}
</tbody></table></div></section>
<section class="panel"><h2>{len(moved):,} {'node is' if len(moved) == 1 else 'nodes are'} on another device</h2>{_moved_table(moved)}</section>
</div>
<div class="sides">
{sides}
</div>
</main>
<script>{script}</script>
</body>
</html>
'''
    return html, ("default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
                  f"frame-ancestors 'none'; script-src {hash_of(script)}")
