"""The folder of `allot tune -o`: which of its files may be replaced."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from typing import Any, Callable, Dict, Iterator

from ..errors import InvalidInput, RunError
from ..support.files import read_input, reason
from ..support.json_files import parse_json

COSTS, HISTORY = 'costs.csv', 'tuning.json'
SCHEMA = 'allot.tune/1'
# What `allot -o` writes whatever the plan is, and where it records what it wrote.
_PLANNED = ('manifest.json', 'plan.json', 'model.annotated.onnx', 'model.report.html', 'model.mlir', 'schedule.trace.json', 'model.dot')
_RECORD = '.allot-files.json'
_LONGEST_STEM = 100  # bytes


def _json_if_any(path: str) -> Dict[str, Any]:
    try:
        document = parse_json(read_input(path))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _digest_of(path: str) -> str:
    with open(path, 'rb') as file:
        digest = hashlib.sha256()
        for piece in iter(lambda: file.read(1 << 20), b''):
            digest.update(piece)
        return digest.hexdigest()


def _is_part_of(model: str, name: str) -> bool:
    """Whether that is what the parts of a model are called, as `allot` names them: NAME.00000_DEVICE.onnx."""
    plain = re.sub(r'\.(onnx|mlir)\Z', '', os.path.basename(model))
    stem = os.fsencode(plain)[:_LONGEST_STEM].decode('latin-1')
    stem = re.sub(r'\A[.-]', '_', re.sub('[^A-Za-z0-9._-]', '_', stem)) or 'model'
    return name.startswith(stem + '.') and re.fullmatch(r'[0-9]{5,}_.*\.onnx', name[len(stem) + 1:], re.DOTALL) is not None


def check_tuned_folder(folder: str, model: str) -> None:
    """Raises InvalidInput if `folder` cannot be one, or holds files of the names that a tuning of `model` writes which are not
    as an earlier one left them: to be asked before long work."""
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise InvalidInput(f"'{folder}' exists and is no folder; give another output folder")
    tuned = _json_if_any(os.path.join(folder, HISTORY)).get('schema') == SCHEMA
    made_from = _json_if_any(os.path.join(folder, 'plan.json')).get('made_from')
    sources = made_from.get('costs') if isinstance(made_from, dict) else None
    digest = next((source.get('sha256') for source in sources if isinstance(source, dict) and source.get('file') == COSTS), None) \
        if isinstance(sources, list) else None
    recorded = _json_if_any(os.path.join(folder, _RECORD)).get('files')
    record = recorded if isinstance(recorded, dict) else {}

    def as_planned(path: str) -> bool:
        said = record.get(os.path.basename(path))
        return isinstance(said, dict) and _digest_of(path) == said.get('sha256')

    own: Dict[str, Callable[[str], bool]] = {HISTORY: lambda path: tuned, COSTS: lambda path: tuned and _digest_of(path) == digest}
    parts = sorted(name for name in os.listdir(folder) if _is_part_of(model, name)) if os.path.isdir(folder) else []
    for name in (*own, *_PLANNED, *parts):
        path = os.path.join(folder, name)
        try:
            if not os.path.lexists(path) or not os.path.islink(path) and os.path.isfile(path) and own.get(name, as_planned)(path):
                continue
        except OSError as error:
            raise InvalidInput(f"'{path}' cannot be read: {reason(error)}; move it away, or give another output folder") from None
        raise InvalidInput(f"'{path}' was not written by {'allot tune' if name in own else 'Allot'}, or changed since; move it away, "
                           'or give another output folder')


@contextlib.contextmanager
def costs_in(folder: str, costs: str) -> Iterator[str]:
    """A copy of `costs` in `folder`, for the block; if that fails, what was there before comes back. Raises RunError."""
    kept = os.path.join(folder, COSTS)
    try:
        made = not os.path.exists(folder)
        os.makedirs(folder, exist_ok=True)
        before = None
        if os.path.exists(kept):
            with open(kept, 'rb') as file:
                before = file.read()
        shutil.copyfile(costs, kept)
    except OSError as error:
        raise RunError(f'cannot write {kept}: {reason(error)}') from None
    try:
        yield kept
    except BaseException:
        if before is None:
            os.unlink(kept)
        else:
            with open(kept, 'wb') as file:
                file.write(before)
        if made:
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        raise
