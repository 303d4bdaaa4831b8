"""Command lines: --name=value, --name value, repeated lists, and the help made from the same table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ..errors import InvalidInput
from ..support.nearest_name import nearest_name


@dataclass(frozen=True)
class Flag:
    """What a flag is. kind: 'flag' (no value), 'text', 'integer' (with `least`), 'number', 'list' or 'choice'."""

    kind: str
    help: str
    value: Optional[str] = None  # stands for the value in the help
    initial: Any = None  # its default
    least: int = 1
    choices: Tuple[str, ...] = ()


Flags = Dict[str, Flag]


@dataclass
class Arguments:
    """A parsed command line: `values` by name of the flag, with defaults, and what stands by itself."""

    values: Dict[str, Any]
    positional: List[str]
    help: bool = False

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def only(self, what: str, usage: str) -> str:
        """The one thing that stands by itself, a "model" for one. Raises InvalidInput if there is none, or more."""
        if len(self.positional) != 1:
            raise InvalidInput(f'{"more than one" if self.positional else "no"} {what} given; usage: {usage}')
        return self.positional[0]


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
        raise wrong(f"one of {', '.join(flag.choices)}")
    return text


def parse_arguments(argv: Sequence[str], flags: Flags) -> Arguments:
    """Parses `argv` by `flags`. Raises InvalidInput for anything that is not in the table."""
    result = Arguments({name: [] if flag.kind == 'list' else False if flag.kind == 'flag' else flag.initial
                        for name, flag in flags.items()}, [])
    rest = list(argv)
    while rest:
        argument = rest.pop(0)
        if argument in ('--help', '-h'):
            result.help = True
        elif argument == '--':
            result.positional += rest
            break
        elif not re.match('--?[a-zA-Z]', argument):
            result.positional.append(argument)
        else:
            _take(argument, rest, flags, result)
    return result


def _take(argument: str, rest: List[str], flags: Flags, result: Arguments) -> None:
    found = re.fullmatch(r'--?([^=]+)(?:=(.*))?', argument, re.DOTALL)
    assert found is not None
    name, value = found.group(1), found.group(2)
    flag = flags.get(name)
    if flag is None:
        near = nearest_name(name, flags)
        raise InvalidInput(f'unknown option --{name}{"" if near is None else f"; did you mean --{near}?"} (--help lists all)')
    if flag.kind == 'flag':
        if value not in (None, 'true', 'false'):
            raise InvalidInput(f'--{name} takes no value')
        result.values[name] = value != 'false'
        return
    text = value if value is not None else rest.pop(0) if rest else ''
    if text == '':
        raise InvalidInput(f"--{name} needs a value: --{name}={flag.value or 'VALUE'}")
    parsed = _read(name, flag, text)
    if flag.kind == 'list':
        result.values[name].append(parsed)
    else:
        result.values[name] = parsed


def help_text(usage: str, summary: str, flags: Flags) -> str:
    """The text of --help."""
    lines = [f'usage: {usage}', '', summary, '']
    for name, flag in flags.items():
        value = '' if flag.kind == 'flag' else f"={flag.value or '|'.join(flag.choices) or 'VALUE'}"
        initial = '' if flag.kind in ('flag', 'list') or flag.initial is None else f' (default: {flag.initial})'
        lines.append(f'  --{name}{value}')
        lines += [f'        {line}' for line in f'{flag.help}{initial}'.split('\n')]
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
    """'batch=8' or 'N=4,S=128' as {'batch': 8}, for --dim. Raises InvalidInput."""
    dims: Dict[str, int] = {}
    for piece in (piece for text in texts for piece in _pieces(text)):
        found = re.fullmatch(r'(.+)=([0-9]{1,12})', piece, re.DOTALL)
        if found is None:
            raise InvalidInput(f'--dim={piece}: expected NAME=SIZE, such as --dim batch=8')
        name, size = found.group(1), int(found.group(2))
        if dims.get(name, size) != size:
            raise InvalidInput(f"--dim={piece}: '{name}' is {dims[name]} already; give each dimension one size")
        dims[name] = size
    return dims
