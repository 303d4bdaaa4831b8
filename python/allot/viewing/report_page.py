"""A report with the client of `allot view` in it, and what a report says of its plan."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Tuple

from .folder import Refused
from .page_text import hash_of, in_script, source

_POLICY = re.compile(r'(<meta http-equiv="Content-Security-Policy" content="[^"]*script-src )(\'sha256-[A-Za-z0-9+/=]+\')">')
_PLAN = re.compile(r'<script type="application/json" id="plan">(.*?)</script>', re.DOTALL)


def _no_report(name: str) -> Refused:
    return Refused(422, f'{name} holds no report that this version of allot writes; write it again with allot -o')


def plan_of(html: str, name: str) -> Dict[str, Any]:
    """What a report says of its plan. Raises Refused unless the text is a report as allot writes it."""
    found = _PLAN.search(html)
    try:
        plan = json.loads(found.group(1)) if found else None
    except ValueError:
        plan = None
    if not isinstance(plan, dict) or plan.get('schema') != 'allot.page/1':
        raise _no_report(name)
    return plan


def report_page(html: str, name: str, about: Dict[str, Any]) -> Tuple[str, str]:
    """The page, which is told `about`, and the policy that goes with it. Raises Refused."""
    plan_of(html, name)
    policy, end = _POLICY.search(html), html.rfind('</body>')
    if policy is None or end < 0:
        raise _no_report(name)
    client = '\n' + source('client.js')
    scripts = f'{policy.group(2)} {hash_of(client)}'
    opened = f'{html[:policy.start()]}{policy.group(1)}{scripts}; connect-src \'self\'">{html[policy.end():end]}'
    added = (f'<style>\n{source("client.css")}</style>\n'
             f'<script type="application/json" id="view">{in_script(about)}</script>\n<script>{client}</script>\n')
    # Whatever is in the page: it loads nothing, and asks nobody but this server.
    allowed = ("default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; "
               f"form-action 'none'; frame-ancestors 'self'; script-src {scripts}")
    return opened + added + html[end:], allowed
