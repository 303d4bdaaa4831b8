"""End to end: every test model on every kind of target, parts against the original in ONNX Runtime.

usage: e2e.py ALLOT MAKE-E2E-MODELS SCRATCH-FOLDER
"""
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

from run_parts import check_folder

PINNED_LEFT = ['Conv', 'MatMul', 'Add', 'Sigmoid', 'If', 'SequenceAt', 'gate', 'NonZero']
PINNED_RIGHT = ['Relu', 'Mul', 'Tanh', 'Concat', 'Loop', 'twice', 'Gather', 'LayerNormalization']
# What constants alone decide in constant_work.onnx, or nothing but a view of an input does: it is copied, not sent.
NEVER_SENT = {'positions', 'numbers', 'angles', 'weights', 'turned', 'three', 'shifts'}


def scattered_target():
    """Two equal devices, and rules that put neighbouring operators apart, so that every model is cut often."""
    def device(name):
        return {'name': name, 'kind': 'cpu', 'memory': '1GiB', 'flops': {'default': '1T'}, 'memory_bandwidth': '100GB/s',
                'part_cost_us': 1, 'op_cost_us': 0.1, 'runtime': {'provider': 'cpu'}}
    return {'schema': 'allot.target/1', 'name': 'scattered', 'devices': [device('left'), device('right')],
            'topology': {'links': [{'from': 'left', 'to': 'right', 'bandwidth': '10GB/s', 'latency_us': 1}]},
            'rules': [{'pin': 'left', 'op': op} for op in PINNED_LEFT] + [{'pin': 'right', 'op': op} for op in PINNED_RIGHT]}


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def manifest_fault(manifest, folder):
    """What the manifest says of its files that is not so; None if all is."""
    if manifest.get('dims') != {'batch': 2} or manifest.get('default_dim') != 1:
        return f"the manifest names the sizes {manifest.get('dims')}, {manifest.get('default_dim')}"
    found, expected = digests(folder), {}
    for name in sorted([name for name in found if name.endswith('.onnx')] + manifest['external_data']):
        size = (folder / name).stat().st_size
        expected[name] = {'bytes': size} if name in manifest['external_data'] else {'bytes': size, 'sha256': found[name]}
    said = manifest['integrity']
    return None if said == expected else f'the manifest lists {said}, and the files are {expected}'


class Trial:
    def __init__(self, allot, model, target, objective, out):
        self.model, self.target, self.out = model, target, out
        self.command = [allot, model, f'--target={target}', f'--objective={objective}', '--dim', 'batch=2', '--quiet']

    def plan(self, folder, *more):
        done = subprocess.run([*self.command, '-o', folder, *more], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def fault(self):
        """None if all is well, else what is wrong."""
        self.plan(self.out)
        if why := check_folder(self.model, self.out):
            return why
        manifest = json.loads((self.out / 'manifest.json').read_text())
        if str(self.target).endswith('scattered.target.json') and len(manifest['parts']) < 2:
            return 'the rules did not cut the model'
        if why := manifest_fault(manifest, self.out):
            return why
        sent = [edge['tensor'] for edge in manifest['edges']]
        if self.model.name == 'constant_work.onnx' and NEVER_SENT & set(sent):
            return f'it sends {sorted(NEVER_SENT & set(sent))}'
        again = self.out.with_name(self.out.name + '-again')
        self.plan(again, '--threads=2')
        first, second = digests(self.out), digests(again)
        changed = sorted(name for name in {**first, **second} if first.get(name) != second.get(name))
        shutil.rmtree(again)
        return f'a second run on two threads wrote other bytes: {changed}' if changed else None


def main():
    allot, make_models, scratch = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]).resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    models = scratch / 'models'
    models.mkdir(parents=True)
    subprocess.run([make_models, models], check=True, stdout=subprocess.DEVNULL)
    scattered = scratch / 'scattered.target.json'
    scattered.write_text(json.dumps(scattered_target(), indent=1))
    passed = failed = 0
    for model in sorted(models.glob('*.onnx')):
        for target in ['cpu-2gpu', 'soc-npu', scattered]:
            for objective in ['latency', 'throughput']:
                name = pathlib.Path(target).name.removesuffix('.target.json')
                try:
                    why = Trial(allot, model, target, objective, scratch / f'{model.stem}-{name}-{objective}').fault()
                except Exception as error:
                    why = f'{type(error).__name__}: {error}'
                passed, failed = (passed, failed + 1) if why else (passed + 1, failed)
                print(f"{'FAILED' if why else 'ok'} {model.name} on {name}, {objective}{': ' + why if why else ''}", flush=True)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
