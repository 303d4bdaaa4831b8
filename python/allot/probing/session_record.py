"""What ONNX Runtime says of whom it gives each node to when it makes a session."""

from __future__ import annotations

import os
import re
import tempfile
from typing import Any, Callable

from .answers import ANY_DOMAIN, Placements, plain_domain

_VERBOSE, _SILENT = 0, 4
_PLACED = re.compile(r'VerifyEachNodeIsAssignedToAnEp\]\s+(All nodes|Node\(s\)) placed on \[(\w+)\]')
_NODE = re.compile(r'VerifyEachNodeIsAssignedToAnEp\]\s+(\w+) \((.*)\)$')


def record_of_session(ort: Any, path: str, providers: Any) -> Placements:
    """Makes a session of the model at `path` with graph optimisations off, so that nodes keep their names, and asks who got
    what. `providers`: as InferenceSession takes them. Raises what ONNX Runtime raises."""
    runtime = f'onnxruntime {ort.__version__}'
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    if not hasattr(ort.InferenceSession, 'get_provider_graph_assignment_info'):  # releases before 1.24 say it in their log only
        options.log_severity_level = _VERBOSE
        return placements_in_log(runtime, _log_of(lambda: ort.InferenceSession(path, options, providers=providers, enable_fallback=0)))
    options.log_severity_level = _SILENT
    options.add_session_config_entry('session.record_ep_graph_assignment_info', '1')
    session = ort.InferenceSession(path, options, providers=providers, enable_fallback=0)
    result = Placements(runtime)
    for subgraph in session.get_provider_graph_assignment_info():
        for node in subgraph.get_nodes():
            result.runners.setdefault((plain_domain(node.domain), node.op_type, node.name), set()).add(subgraph.ep_name)
    return result


def _log_of(make: Callable[[], Any]) -> str:
    """What the C++ library writes to stderr while `make` runs."""
    kept = os.dup(2)
    try:
        with tempfile.TemporaryFile() as log:
            os.dup2(log.fileno(), 2)
            try:
                make()
            finally:
                os.dup2(kept, 2)
            log.seek(0)
            return log.read().decode(errors='replace')
    finally:
        os.close(kept)


def placements_in_log(runtime: str, text: str) -> Placements:
    """Who runs what, from a log. It names no domains; of providers that compile groups of nodes it names the groups only, and
    where all nodes are with one provider it names none: these have all that is not named."""
    result = Placements(runtime)
    provider = ''
    for line in text.split('\n'):
        placed, node = _PLACED.search(line), _NODE.search(line)
        if placed:
            provider = placed.group(2)
            if not result.others:  # the first is the one that is asked for
                result.others = {provider}
        elif node and provider:
            result.runners.setdefault((ANY_DOMAIN, node.group(1), node.group(2)), set()).add(provider)
    return result
