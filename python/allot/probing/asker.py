"""The process that asks a runtime, which may crash or print: `python -c BOOT SYS_PATH REQUEST`; the answer is JSON in a file."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any, Dict

from ..errors import AllotError
from ..profiling.onnx_graph import read_onnx_graph
from ..support.files import write_whole
from ..support.text import one_line
from .answers import Placements
from .openvino_query import query_of_openvino
from .session_record import record_of_session


def answer(request: Dict[str, Any]) -> Placements:
    """What the runtime that the request names says. Raises what it raises."""
    if request['runtime'] == 'openvino':
        openvino = importlib.import_module('openvino')
        return query_of_openvino(openvino, request['model'], read_onnx_graph(request['model']), request['device'])
    runtime = importlib.import_module('onnxruntime')
    providers = [tuple(provider) if isinstance(provider, list) else provider for provider in request['providers']]
    return record_of_session(runtime, request['model'], providers)


def main() -> None:
    """Answers the request of the command line."""
    request = json.loads(sys.argv[2])
    try:
        said: Any = answer(request).to_json()
    except AllotError as error:
        said = {'why': one_line(str(error))}
    except Exception as error:  # of many types, all of the runtimes' own
        said = {'why': one_line(str(error)) or type(error).__name__}
    write_whole(request['answer'], json.dumps(said))
