#!/usr/bin/env python3
"""Places a model from Python and prints where each node goes. usage: place.py MODEL.onnx TARGET [LIBRARY_FOLDER]
[--milp]"""

import sys

from allot import Allot, AllotError


def main(arguments):
    milp = '--milp' in arguments
    arguments = [argument for argument in arguments if argument != '--milp']
    if len(arguments) not in (2, 3):
        sys.exit(__doc__)
    model, target, *folder = arguments
    allot = Allot(*folder, milp=milp)
    try:
        with allot.compile(model, target=target, **({'solver': 'milp'} if milp else {})) as plan:
            for line in plan.diagnostics:
                print(line, file=sys.stderr)
            for name, device in plan.nodes():
                print(f'{name}: {device or "wherever it is used"}')
            print(f'{plan.value_ps / 1e6:.3f} us, and no plan is faster than {plan.bound_ps / 1e6:.3f} us')
            assert len(plan.json()['nodes']) > 0
    except AllotError as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main(sys.argv[1:])
