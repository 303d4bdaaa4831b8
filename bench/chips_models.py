"""A row of Markdown for each model and module of chips: what `allot` reaches, its bound and time, and whether the parts give the
model's outputs in ONNX Runtime. Periods are of the cost model of the target, nothing is measured on such hardware.

usage: chips_models.py ALLOT SCRATCH WORK MODEL[,NAME=SIZE...] ...

Models are copied to SCRATCH; external data that is not there is made up, the same numbers each time.
"""
import json
import math
import pathlib
import resource
import shutil
import subprocess
import sys
import zlib

import numpy
import onnx

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'tests' / 'e2e'))
from run_parts import check_folder

CHIPS = (8, 16, 36)
BLOCK = 65521  # values that repeat
INTEGERS = 2  # below it: types of tokens are 0 and 1


def module(allot, scratch, chips):
    """A built-in module, or the first chips of the largest."""
    if chips in (8, 36):
        return f'mcm-{chips}'
    target = json.loads(subprocess.run([allot, '--print-target', '--target=mcm-36'], capture_output=True, text=True, check=True).stdout)
    target['name'] = f'mcm-{chips}'
    target['devices'] = target['devices'][:chips]
    names = {device['name'] for device in target['devices']}
    links = target['topology']['links']
    target['topology']['links'] = [link for link in links if {link['from'], link['to']} <= names]
    path = scratch / f'mcm-{chips}.json'
    path.write_text(json.dumps(target))
    return path


def fill(path):
    """Writes the external data that the model's weights refer to: matrices scaled so that what passes them keeps its size."""
    model = onnx.load(path, load_external_data=False)
    files = {}
    for tensor in model.graph.initializer:
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        where = {entry.key: entry.value for entry in tensor.external_data}
        files.setdefault(where['location'], []).append((int(where.get('offset', 0)), tensor))
    for name, tensors in files.items():
        if (path.parent / name).exists():
            continue
        with open(path.parent / name, 'wb') as out:
            for offset, tensor in sorted(tensors, key=lambda each: each[0]):
                dims, count = list(tensor.dims), math.prod(tensor.dims)
                element = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
                uniform = numpy.random.RandomState(zlib.crc32(tensor.name.encode())).uniform(-1, 1, min(count, BLOCK))
                if numpy.issubdtype(element, numpy.integer):
                    values = numpy.zeros(len(uniform))
                elif len(dims) < 2:
                    values = 0.1 * uniform if 'bias' in tensor.name else 1 + 0.1 * uniform
                else:
                    values = uniform * math.sqrt(3 / max(count // (dims[0] if len(dims) > 2 else dims[-1]), 1))
                out.seek(offset)
                out.write(numpy.resize(values, count).astype(element).tobytes())


def row(allot, scratch, work, model, sizes, chips):
    out = scratch / f'{model.stem}-{chips}'
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([allot, model, f'--target={module(allot, scratch, chips)}', '--objective=throughput', '--json', '--force', '-o', out,
                           *([f'--work={work}'] if work else []), *(f'--dim={name}={size}' for name, size in sizes.items())],
                          capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        return f"| {model.stem} | {chips} | {done.stderr.strip().splitlines()[-1]} |"
    found = json.loads(done.stdout)
    value, bound = found['value_us'] / 1e3, found['lower_bound_us'] / 1e3
    baselines = {one['name']: 'does not fit' if one['value_us'] is None else f"{one['value_us'] / 1e3:.4f}" for one in found['baselines']}
    used = sum(1 for device in found['devices'] if device['parts'])
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    same = check_folder(model.resolve(), out.resolve(), sizes, INTEGERS) or 'bitwise'
    shutil.rmtree(out)
    return (f"| {model.stem} | {chips} | {used} | {baselines['single:chip0']} | {value:.4f} | {baselines['slice-dp']} | {bound:.4f} | {100 * (value - bound) / value:.2f} | "
            f"{found['solver']} | {seconds:.1f} | {same} |")


def main():
    allot, scratch, work = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    scratch.mkdir(parents=True, exist_ok=True)
    print('| model | chips | used | one chip ms | period ms | slice DP ms | bound ms | gap % | found by | CPU s | parts = model |')
    print('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | --- |')
    for argument in sys.argv[4:]:
        path, *dims = argument.split(',')
        model = scratch / pathlib.Path(path).name
        if model.resolve() != pathlib.Path(path).resolve():
            shutil.copyfile(path, model)
        fill(model)
        for chips in CHIPS:
            print(row(allot, scratch, work, model, {name: int(size) for name, size in (each.split('=') for each in dims)}, chips), flush=True)


if __name__ == '__main__':
    main()
