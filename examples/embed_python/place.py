#!/usr/bin/env python3
"""Places a model from Python and prints where each node goes.
usage: place.py MODEL.onnx TARGET [--library=FOLDER] [--milp] [OPTION=VALUE ...]
An option is one of allot/allot.h, such as objective=throughput. --library: where liballot.so is."""

import sys

from allot import Allot, AllotError


def main(arguments):
    flags = [argument for argument in arguments if argument.startswith('--')]
    words = [argument for argument in arguments if not argument.startswith('--')]
    if len(words) < 2:
        sys.exit(__doc__)
    model, target, *pairs = words
    options = dict(pair.split('=', 1) for pair in pairs)
    folder = next((flag.split('=', 1)[1] for flag in flags if flag.startswith('--library=')), None)
    if '--milp' in flags:
        options.setdefault('solver', 'milp')
    try:
        with Allot(folder, milp='--milp' in flags).compile(model, target=target, **options) as plan:
            for line in plan.diagnostics:
                print(line, file=sys.stderr)
            for name, device in plan.nodes():
                print(f'{name}: {device or "wherever it is used"}')
            print(f'{plan.value_ps / 1e6:.3f} us, and no plan is faster than {plan.bound_ps / 1e6:.3f} us')
    except AllotError as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main(sys.argv[1:])
