"""Whether files are those that were written."""

from __future__ import annotations

import hashlib
import os
from typing import Sequence

from ..errors import RunError
from ..support.files import reason
from .manifest import Manifest

_STEP = 1 << 20


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for piece in iter(lambda: file.read(_STEP), b''):
            digest.update(piece)
    return digest.hexdigest()


def check_integrity(manifest: Manifest, files: Sequence[str]) -> None:
    """Checks files of a manifest against the sizes and hashes that it lists. Raises RunError for the first that differs. Reads
    all of them."""
    for name in files:
        path = os.path.join(manifest.folder, name)
        try:
            size = os.stat(path).st_size
        except OSError:
            raise RunError(f'{path}: the file is missing; write the parts again with allot') from None
        written = manifest.integrity.get(name)
        if not isinstance(written, dict):
            continue
        try:
            same = size == written.get('bytes') and (not written.get('sha256') or _sha256(path) == written['sha256'])
        except OSError as error:
            raise RunError(f'{path}: cannot be read: {reason(error)}') from None
        if not same:
            raise RunError(f'{path}: the file is not the one that {manifest.file} describes (its bytes changed); '
                           'write the parts again with allot')
