#!/usr/bin/env python3
"""Measures the nodes of an ONNX model by equivalent PyTorch operations, for `allot --costs`."""
import argparse
import os
import sys
from typing import Dict, List, Optional

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from torch_profile.costs_table import Row, print_costs, write_whole
from torch_profile.errors import UserError
from torch_profile.inputs import make_inputs, read_rules, unknown_names
from torch_profile.node_runner import NodeRunner
from torch_profile.onnx_reader import read_model
from torch_profile.report import listing, missing_lines, operator_rows, summary
from torch_profile.shape_backend import ShapeBackend

_TRANSFER_SIZES = (4096, 65536, 1 << 20, 4 << 20, 16 << 20)
_MACHINE_REPEATS = 50


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise UserError(f'{message}; --help lists the options')


def _arguments(argv: List[str]) -> argparse.Namespace:
    parser = _Parser(prog='profile_torch.py', allow_abbrev=False, description=__doc__)
    parser.add_argument('model', metavar='MODEL', help='the ONNX file')
    parser.add_argument('--device', metavar='NAME', help='the device of the target whose rows are written')
    parser.add_argument('-o', dest='output', metavar='COSTS.csv', help='the table to write')
    parser.add_argument('--torch-device', default='cuda:0', metavar='NAME', help='what measures (default: cuda:0)')
    parser.add_argument('--host', metavar='NAME', help='the CPU device of the target: also measure transfers')
    parser.add_argument('--dim', action='append', default=[], metavar='NAME=SIZE', help='size of a symbolic dimension')
    parser.add_argument('--default-dim', type=int, default=1, metavar='SIZE', help='size of every other open dimension')
    parser.add_argument('--inputs', metavar='FILE', help='what is valid input (default: the model\'s NAME.inputs.json)')
    parser.add_argument('--repeats', type=int, default=15, metavar='N', help='samples of each node (default: 15)')
    parser.add_argument('--seed', type=int, default=1, metavar='N', help='of the inputs (default: 1)')
    parser.add_argument('--list', action='store_true', help='only list what would be measured; needs no PyTorch')
    flags = parser.parse_args(argv)
    if flags.repeats < 1 or flags.default_dim < 0 or flags.seed < 0:
        raise UserError('--repeats must be at least 1, --default-dim and --seed not negative')
    if not flags.list and (flags.device is None or flags.output is None):
        raise UserError('--device=NAME and -o COSTS.csv are needed; --help lists the options')
    return flags


def _sizes(texts: List[str]) -> Dict[str, int]:
    sizes = {}
    for text in texts:
        name, equals, size = text.rpartition('=')
        if not equals or not name or not size.isdigit():
            raise UserError(f'--dim {text}: expected NAME=SIZE')
        sizes[name] = int(size)
    return sizes


def _torch_backend(device: str):
    try:
        from torch_profile.torch_backend import TorchBackend
    except (ImportError, OSError) as error:  # OSError: a library of CUDA that torch loads is missing
        if getattr(error, 'name', None) != 'torch':
            raise UserError(f'PyTorch cannot be used: {error}') from None
        raise UserError('PyTorch is not installed: pip install torch, or use allot-profile with ONNX Runtime\'s CUDA '
                        'provider') from None
    return TorchBackend(device)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f'\r\x1b[K{text[:100]}')


def _machine_rows(backend, device: str, host: Optional[str]) -> List[Row]:
    rows = [Row('launch', device, backend.launch(_MACHINE_REPEATS))]
    if host is not None:
        for size in _TRANSFER_SIZES:
            rows.append(Row('transfer', host, backend.transfer(size, True, _MACHINE_REPEATS), to=device, bytes=size))
            rows.append(Row('transfer', device, backend.transfer(size, False, _MACHINE_REPEATS), to=host, bytes=size))
    return rows


def _run(argv: List[str]) -> None:
    flags = _arguments(argv)
    model = read_model(flags.model)
    rules = read_rules(flags.model, flags.inputs, _sizes(flags.dim), flags.default_dim)
    for line in unknown_names(model.graph, rules):
        sys.stderr.write(f'warning: {flags.inputs or "the side file, or --dim"}: {line}\n')
    backend = ShapeBackend() if flags.list else _torch_backend(flags.torch_device)
    runner = NodeRunner(model, backend, rules, 0 if flags.list else flags.repeats, _progress)
    times, _ = runner.run(make_inputs(model.graph, rules, backend, flags.seed))
    _progress('')
    if flags.list:
        sys.stdout.write(listing(times))
    device = flags.device or ''
    rows, missing = operator_rows(times, device)
    counts = summary(times, missing)
    for line in missing_lines(missing):
        sys.stderr.write(line + '\n')
    if flags.list:
        sys.stdout.write(counts + '\n')
        return
    rows += _machine_rows(backend, device, flags.host)
    comments = [f'{os.path.basename(flags.model)} by {backend.description()}', counts, *missing_lines(missing)]
    try:
        write_whole(flags.output, print_costs(comments, rows))
    except OSError as error:
        raise UserError(f'{flags.output}: cannot be written: {(error.strerror or str(error)).lower()}') from None
    sys.stdout.write(counts + '\n')


def main(argv: List[str]) -> int:
    """Exit status: 0, or 1 after one line that says what is wrong."""
    try:
        _run(argv)
    except UserError as error:
        sys.stderr.write(f'error: {error}\n')
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except KeyboardInterrupt:
        sys.stderr.write('error: interrupted\n')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
