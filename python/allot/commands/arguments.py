"""Command lines: --name=value, --name value, repeated lists, and the help made from the same table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ..errors import InvalidInput
from ..support.nearest_name import nearest_name


@dataclass(frozen=True)
class Flag:
    """`kind` is 'flag' (no value), 'text', 'integer' (with `least`), 'number', 'list' or 'choice' (with `choices`); `value`
    stands for the value in the help; `initial` is its default."""

    kind: str
    help: str
    value: str = ''
    initial: Any = None
    least: int = 1
    choices: Tuple[str, ...] = ()


@dataclass
class Arguments:
    """What a command line says: options by name (`arguments['dim']`), and the rest in order."""

    values: Dict[str, Any] = field(default_factory=dict)
    positional: List[str] = field(default_factory=list)
    help: bool = False

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def _read(name: str, flag: Flag, text: str) -> Any:
    def wrong(what: str) -> InvalidInput:
        return InvalidInput(f'--{name}={text}: expected {what}')

    if flag.kind == 'integer':
        if not re.fullmatch(r'[+-]?[0-9]{1,15}', text) or int(text) < flag.least:
            raise wrong(f'an integer of at least {flag.least}')
        return int(text)
    if flag.kind == 'number':
        if not re.fullmatch(r'[0-9]+(\.[0-9]+)?([eE]-?[0-9]+)?', text):
            raise wrong('a non-negative number')
        return float(text)
    if flag.kind == 'choice' and text not in flag.choices:
        raise wrong(f'one of {", ".join(flag.choices)}')
    return text


def parse_arguments(argv: Sequence[str], flags: Mapping[str, Flag]) -> Arguments:
    """Parses `argv` by `flags`. Raises InvalidInput for anything that is not in the table."""
    result = Arguments({name: [] if flag.kind == 'list' else False if flag.kind == 'flag' else flag.initial
                        for name, flag in flags.items()})
    rest = list(argv)
    while rest:
        argument = rest.pop(0)
        if argument in ('--help', '-h'):
            result.help = True
            continue
        if argument == '--':
            result.positional += rest
            break
        found = re.fullmatch(r'--?([a-zA-Z][^=]*)(=(.*))?', argument, re.DOTALL)
        if found is None:
            result.positional.append(argument)
            continue
        name, value = found.group(1), found.group(3)
        flag = flags.get(name)
        if flag is None:
            near = nearest_name(name, flags)
            raise InvalidInput(f'unknown option --{name}{f"; did you mean --{near}?" if near else ""} (--help lists all)')
        if flag.kind == 'flag':
            if value not in (None, 'true', 'false'):
                raise InvalidInput(f'--{name} takes no value')
            result.values[name] = value != 'false'
            continue
        text: Optional[str] = value if value is not None else rest.pop(0) if rest else None
        if not text:
            raise InvalidInput(f'--{name} needs a value: --{name}={flag.value or "VALUE"}')
        parsed = _read(name, flag, text)
        if flag.kind == 'list':
            result.values[name].append(parsed)
        else:
            result.values[name] = parsed
    return result


def help_text(usage: str, summary: str, flags: Mapping[str, Flag]) -> str:
    """The text of --help."""
    lines = [f'usage: {usage}', '', summary, '']
    for name, flag in flags.items():
        value = '' if flag.kind == 'flag' else f'={flag.value or "|".join(flag.choices) or "VALUE"}'
        initial = '' if flag.kind in ('flag', 'list') or flag.initial is None else f' (default: {flag.initial})'
        lines += [f'  --{name}{value}', *(f'        {line}' for line in f'{flag.help}{initial}'.split('\n'))]
    return '\n'.join(lines) + '\n'


def _pieces(text: str) -> List[str]:
    """Of "N=4,S=128". A name may hold commas itself: "a,b=3" is one piece."""
    found: List[str] = []
    begun = ''
    for piece in text.split(','):
        begun += piece
        if '=' in piece:
            found.append(begun)
            begun = ''
        else:
            begun += ','
    return found if begun == '' else [*found, begun[:-1]]


def parse_dims(texts: Sequence[str]) -> Dict[str, int]:
    """"batch=8" or "N=4,S=128" as {'batch': 8}, for --dim. Raises InvalidInput."""
    dims: Dict[str, int] = {}
    for piece in (piece for text in texts for piece in _pieces(text)):
        found = re.fullmatch(r'(.+)=([0-9]{1,12})', piece, re.DOTALL)
        if found is None:
            raise InvalidInput(f'--dim={piece}: expected NAME=SIZE, such as --dim batch=8')
        name, size = found.group(1), int(found.group(2))
        if dims.setdefault(name, size) != size:
            raise InvalidInput(f"--dim={piece}: '{name}' is {dims[name]} already; give each dimension one size")
    return dims
