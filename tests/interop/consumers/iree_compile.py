"""IREE compiles what `--emit=iree` writes, and what the passes inside mlir-opt make of its own text, for two local devices, and runs it:
by ../iree/two_devices.py, which compares with ONNX Runtime."""
import importlib.metadata
import re
import shutil
import subprocess
import sys

from place import HERE, expect, left_out, main, row

MLIR_OPT = 'mlir-opt-19'


def run_all(place, *flags):
    """{way: number of models}"""
    models = [place.model('mlp'), place.model('two_branches')]
    done = subprocess.run([sys.executable, '-B', HERE.parent / 'iree/two_devices.py', f'--iree={sys.prefix}', f'--build={place.build}', *flags,
                           *models], capture_output=True, text=True)
    expect(done.returncode == 0, done.stdout + done.stderr)
    ways = {}
    for line in done.stdout.splitlines():
        way = re.match(r'\S+ +(\w+) +ok ', line)[1]
        ways[way] = ways.get(way, 0) + 1
    return ways


def rows(place):
    version = importlib.metadata.version('iree-base-compiler')
    with_plugin = shutil.which(MLIR_OPT) and (place.build / 'libAllotMlir.so').exists()
    ways = run_all(place, *([f'--mlir-opt={MLIR_OPT}'] if with_plugin else []))
    ran = '{} models {}, compiled for `local[0]` and `local[1]` and run'
    result = 'outputs within 1e-04 of ONNX Runtime\'s'
    table = [row('IREE', version, ran.format(ways['emitter'], 'by `--emit=iree`'), result)]
    name = 'IREE, by mlir-opt'
    if not with_plugin:
        return table + [left_out(name, f'no {MLIR_OPT}, or no plug-in for it')]
    expect(ways['functions'] == ways['transfers'], str(ways))
    return table + [row(name, version, ran.format(ways['functions'], 'by the passes, as functions and with transfers alone'), result)]


if __name__ == '__main__':
    main(rows)
