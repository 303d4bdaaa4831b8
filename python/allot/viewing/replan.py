"""Planning again as a plan.json says, with one more rule."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence

from ..errors import InvalidInput
from ..support.allot_program import run_allot
from .folder import Refused, ServedFolder

_PATTERN_LIMIT = 1000  # of characters in a pattern of names


@dataclass(frozen=True)
class Moved:
    """What goes to another device: some nodes by name, or all whose names begin with `scope`."""

    names: Sequence[str] = ()
    scope: Optional[str] = None

    def label(self) -> str:
        """What to call it in a sentence."""
        return self.scope if self.scope is not None else self.names[0] if len(self.names) == 1 else f'{len(self.names)} nodes'


def pattern_of(moved: Moved) -> str:
    """A pattern that the names, and no others, match; those of a scope are one pattern. Raises InvalidInput if it is too long."""
    def literal(text: str) -> str:
        return re.sub(r'[\\^$.*+?()\[\]{}|]', r'\\\g<0>', text)

    pattern = f'{literal(moved.scope)}.*' if moved.scope is not None else '|'.join(map(literal, moved.names))
    # These words in front have a meaning of their own.
    pattern = re.sub('^(before|after):', lambda word: f'[{word.group()[0]}]{word.group()[1:]}', pattern)
    if len(pattern) > _PATTERN_LIMIT:
        raise InvalidInput('the names are too long for one rule; move fewer nodes')
    return pattern


def shell_word(text: str) -> str:
    """`text` as a word for a shell."""
    if re.fullmatch(r'[\w@%+=:,./-]+', text, re.ASCII):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


@dataclass(frozen=True)
class MadeFrom:
    """A plan.json, and where the model is that it was made from."""

    model: str
    plan: Dict[str, Any]


def read_plan(folder: ServedFolder, model: Optional[str]) -> MadeFrom:
    """What the plan in `folder` was made from. `model`: where the model is, if known. Raises InvalidInput."""
    plan, manifest = _document(folder, 'plan.json'), _document(folder, 'manifest.json')
    if plan.get('schema') != 'allot.plan/1' or not isinstance(plan.get('made_from'), dict):
        raise InvalidInput(f'{folder.name}: to plan again, plan.json must be there (allot\'s output "plan")')
    said = manifest.get('model')
    found = model or (_resolved(folder, said) if isinstance(said, str) else None)
    if found is None or not os.path.exists(found):
        raise InvalidInput(f'the model {found or plan.get("model")} is not there; start with allot view --model=FILE')
    return MadeFrom(found, plan)


def _document(folder: ServedFolder, name: str) -> Dict[str, Any]:
    try:
        document = json.loads(folder.text(name))
    except (Refused, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _resolved(folder: ServedFolder, path: str) -> str:
    return os.path.normpath(os.path.join(folder.root, path))


def _located(folder: ServedFolder, flag: str, text: Any) -> str:
    """A file of the plan, by its path as seen from the plan's folder; what is no file there is a name."""
    if not isinstance(text, str):
        raise InvalidInput(f'{folder.name}: the plan was made with --{flag} from a pipe, which nobody can read once more; '
                           f'make it with --{flag}=FILE')
    file = _resolved(folder, text)
    return file if os.path.exists(file) else text


def arguments_of(folder: ServedFolder, made: MadeFrom, pin: str) -> List[str]:
    """The arguments of allot that make the plan again, without an output folder; `pin` comes before the others."""
    said = made.plan['made_from']
    objective = said['objective']

    def each(flag: str, values: Sequence[str]) -> List[str]:
        return [f'--{flag}={value}' for value in values]

    result = [made.model, f'--target={_located(folder, "target", said["target"])}', f'--objective={objective}']
    result += each('pin', [pin, *(other for other in said.get('pins') or () if other != pin)])
    result += each('forbid', said.get('forbids') or ()) + each('together', said.get('together') or ())
    if said.get('cost_model') not in (None, '', 'roofline'):
        result.append(f'--cost-model={said["cost_model"]}')
    result += each('costs', [_located(folder, 'costs', table.get('file')) for table in said.get('costs') or ()])
    if said.get('start'):
        result.append(f'--start={_located(folder, "start", said["start"].get("file"))}')
    result += each('dim', [f'{name}={size}' for name, size in (said.get('dims') or {}).items()])
    result += [f'--{flag}={said[key]}' for flag, key in (('default-dim', 'default_dim'), ('seed', 'seed'))
               if said.get(key) not in (None, 0, 1)]
    if made.plan.get('pipeline') != run_allot(['--dump-pass-pipeline', f'--objective={objective}']).strip():
        result.append(f'--pass-pipeline={made.plan.get("pipeline")}')
    return result


def command_of(arguments: Sequence[str], out: str) -> str:
    """The command line that keeps such a plan, as one types it in the current folder."""
    def near(word: str) -> str:
        found = re.match('--(?:target|costs|start)=', word)
        flag = found.group() if found else ''
        file = word[len(flag):]
        if not os.path.isabs(file):
            return word
        relative = os.path.relpath(file)
        return flag + (relative if len(relative) < len(file) else file)

    return ' '.join(map(shell_word, ['allot', *map(near, arguments), '-o', near(out)]))


@dataclass(frozen=True)
class Replanned:
    """Where the model is, and the command line that keeps the new plan."""

    model: str
    command: str


def replan(folder: ServedFolder, *, model: Optional[str], device: str, moved: Moved, out: str,
           started: Callable[['subprocess.Popen[str]'], None]) -> Replanned:
    """Plans again with `moved` on `device`, and writes report and plan into `out`. `started` is given the planner's process.
    Raises AllotError with what allot says."""
    before = read_plan(folder, model)
    if device not in [known.get('id') for known in before.plan.get('devices') or ()]:
        raise InvalidInput(f'there is no device {device}')
    try:
        arguments = arguments_of(folder, before, f'{pattern_of(moved)}={device}')
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f'{folder.name}/plan.json: is damaged: {type(error).__name__}: {error}; write it again with allot -o') from None
    run_allot([*arguments, '--emit=report,plan', '--quiet', '-o', out], started)
    return Replanned(before.model, command_of(arguments, f'{folder.root}-replanned'))
