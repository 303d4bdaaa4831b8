"""End to end: every test model on every kind of target, parts against the original in ONNX Runtime.
Arguments: the allot program, the make-e2e-models program, a scratch folder."""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

from run_parts import check_folder

LEFT = ('Conv', 'MatMul', 'Add', 'Sigmoid', 'If', 'SequenceAt', 'gate', 'NonZero')
RIGHT = ('Relu', 'Mul', 'Tanh', 'Concat', 'Loop', 'twice', 'Gather', 'LayerNormalization')
# What constants alone decide, or nothing but a view of an input does, is copied, not sent.
NEVER_SENT = {'constant_work': {'positions', 'numbers', 'angles', 'weights', 'turned', 'three', 'shifts'}}


def scattered_target():
    """Two equal devices, and rules that put neighbouring operators apart, so that every model is cut often."""
    devices = [{'name': name, 'kind': 'cpu', 'memory': '1GiB', 'flops': {'default': '1T'}, 'memory_bandwidth': '100GB/s', 'part_cost_us': 1,
                'op_cost_us': 0.1, 'runtime': {'provider': 'cpu'}} for name in ('left', 'right')]
    return {'schema': 'allot.target/1', 'name': 'scattered', 'devices': devices,
            'topology': {'links': [{'from': 'left', 'to': 'right', 'bandwidth': '10GB/s', 'latency_us': 1}]},
            'rules': [*({'pin': 'left', 'op': op} for op in LEFT), *({'pin': 'right', 'op': op} for op in RIGHT)]}


def digest(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def check_manifest(manifest, folder):
    """What the manifest says of its files against the files: None if all is so, else what is not."""
    if (manifest['dims'], manifest['default_dim']) != ({'batch': 2}, 1):
        return f"the manifest names the sizes {manifest['dims']}, {manifest['default_dim']}"
    found, external = digest(folder), manifest['external_data']
    expected = {name: {'bytes': (folder / name).stat().st_size, **({} if name in external else {'sha256': found[name]})}
                for name in sorted([*(name for name in found if name.endswith('.onnx')), *external])}
    if list(manifest['integrity'].items()) == list(expected.items()):
        return None
    return f"the manifest lists {manifest['integrity']}, and the files are {expected}"


def check(allot, model, target, objective, out):
    """None if all is well, else why not."""
    def run(folder, *more):
        subprocess.run([allot, model, f'--target={target}', f'--objective={objective}', '--dim', 'batch=2', '-o', folder, '--quiet', *more],
                       check=True, capture_output=True, text=True)

    run(out)
    why = check_folder(model, out)
    manifest = json.loads((out / 'manifest.json').read_text())
    if not why and pathlib.Path(target).exists() and len(manifest['parts']) < 2:
        why = 'the rules did not cut the model'
    why = why or check_manifest(manifest, out)
    sent = [edge['tensor'] for edge in manifest['edges'] if edge['tensor'] in NEVER_SENT.get(model.stem, ())]
    if sent:
        why = why or f'it sends {sent}'
    if why:
        return why
    again = out.with_name(f'{out.name}-again')
    run(again, '--threads=2')
    first, second = digest(out), digest(again)
    changed = [name for name in {**first, **second} if first.get(name) != second.get(name)]
    shutil.rmtree(again)
    return f'a second run on two threads wrote other bytes: {changed}' if changed else None


def main(allot, make_models, scratch):
    scratch = pathlib.Path(scratch)
    shutil.rmtree(scratch, ignore_errors=True)
    models = scratch / 'models'
    models.mkdir(parents=True)
    subprocess.run([make_models, models], check=True, stdout=subprocess.DEVNULL)
    scattered = scratch / 'scattered.target.json'
    scattered.write_text(json.dumps(scattered_target()))
    passed = failed = 0
    for model in sorted(models.glob('*.onnx')):
        for target in ('cpu-2gpu', 'soc-npu', str(scattered)):
            name = pathlib.Path(target).name.replace('.target.json', '')
            for objective in ('latency', 'throughput'):
                try:
                    why = check(allot, model, target, objective, scratch / f'{model.stem}-{name}-{objective}')
                except subprocess.CalledProcessError as error:
                    why = error.stderr
                except Exception as error:
                    why = f'{type(error).__name__}: {error}'
                print(f'FAILED {model.name} on {name}, {objective}: {why}' if why else f'ok {model.name} on {name}, {objective}')
                passed, failed = passed + (not why), failed + bool(why)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
