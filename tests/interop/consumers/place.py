"""What all consumers share: models, plans, what a page of the documentation tells its readers to do, and rows of the table.

Each consumer is a program of its own, `NAME.py --build=FOLDER --scratch=FOLDER`, which prints its rows as JSON or fails.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / 'tests/e2e'))
from e2e import scattered_target  # noqa: E402
# Models that are files of the source tree; the others are made.
KEPT_MODELS = [ROOT / 'examples/plugins/mlp.onnx', ROOT / 'tests/interop/iree/two_branches.onnx']


class Workplace:
    """A scratch folder with models, and the programs of a build folder."""

    def __init__(self, build, scratch):
        self.build, self.scratch = build.resolve(), scratch.resolve()
        shutil.rmtree(self.scratch, ignore_errors=True)
        models = self.scratch / 'models'
        models.mkdir(parents=True)
        subprocess.run([self.build / 'make-e2e-models', models], check=True, stdout=subprocess.DEVNULL)
        for path in KEPT_MODELS:
            shutil.copy(path, models)
        self.models = sorted(models.glob('*.onnx'))

    def model(self, name):
        return next(path for path in self.models if path.stem == name)

    def plan(self, model, target, *flags, folder=None):
        """The output folder of a plan. Sizes that the model leaves open are 2, but for sequences of 5, as in the inputs."""
        out = folder or self.scratch / f'{model.stem}-{pathlib.Path(target).stem}'
        done = subprocess.run([self.build / 'allot', model, f'--target={target}', '--dim=batch=2', '--dim=seq=5', '--default-dim=2',
                               '--replicas=no', '-o', out, '--quiet', '--force', *flags], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f'{model.name} for {target}: {done.stderr.strip()}')
        return out

    def scattered(self, provider):
        """A target of a CPU and a GPU that the provider runs, with rules that put neighbouring operators apart."""
        target = scattered_target()
        target['devices'][1].update(kind='gpu', runtime={'provider': provider})
        path = self.scratch / f'scattered-{provider}.json'
        path.write_text(json.dumps(target))
        return path


def placed_nodes(folder):
    """{node: device} of plan.json, of nodes that have a name of their own."""
    plan = json.loads((folder / 'plan.json').read_text())
    return {node['name']: node['device'] for node in plan['nodes'] if not node.get('synthetic') and node['device']}


def example(page, language='python', containing=''):
    """The first block of that language in docs/PAGE that has the text."""
    text = (ROOT / 'docs' / page).read_text()
    return next(block for block in re.findall(rf'^```{language}\n(.*?)^```$', text, re.S | re.M) if containing in block)


def row(consumer, version, ran, result):
    return {'consumer': consumer, 'version': version, 'ran': ran, 'result': result}


def left_out(consumer, why):
    """A row that cannot be had here; the committed one stays."""
    return {'consumer': consumer, 'left_out': why}


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def main(rows):
    """The main of a consumer; `rows` makes them of a Workplace."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', type=pathlib.Path, required=True)
    parser.add_argument('--scratch', type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    print(json.dumps(rows(Workplace(arguments.build, arguments.scratch))))
