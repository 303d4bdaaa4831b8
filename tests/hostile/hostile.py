"""What the tests of hostile surroundings share: the programs, a scratch folder, models and machines."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'runner_torch'))
import onnx_writer as onnx  # noqa: E402  (from the folder above)

BUILD = os.environ['ALLOT_BUILD']
ALLOT, ALLOT_OPT, ALLOT_SOLVE, MAKE_MODELS, PEAK_MEMORY = (
    os.path.join(BUILD, name) for name in ('allot', 'allot-opt', 'allot-solve', 'make-e2e-models', 'peak-memory'))

TWO = {'schema': 'allot.target/1', 'name': 'two', 'devices': [
    {'name': name, 'kind': kind, 'memory': '8GiB', 'flops': {'float32': '100G'}, 'memory_bandwidth': '20GB/s',
     'part_cost_us': 1, 'op_cost_us': 1} for name, kind in (('d0', 'cpu'), ('d1', 'gpu'))],
    'topology': {'switches': ['s'], 'links': [
        {'from': name, 'to': 's', 'bandwidth': '100GB/s', 'latency_us': 0.1} for name in ('d0', 'd1')]}}


class Result:
    def __init__(self, process):
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr


def run(*command, cwd=None, env=None, timeout=300, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, shell_limit=None):
    """`shell_limit`: arguments of ulimit."""
    command = [str(word) for word in command]
    if shell_limit:
        command = ['bash', '-c', f'ulimit {shell_limit}; exec "$@"', 'bash'] + command
    return Result(subprocess.run(command, cwd=cwd, env=dict(os.environ, **(env or {})), timeout=timeout, stdin=stdin,
                                 stdout=stdout, stderr=subprocess.PIPE, text=True, errors='replace'))


def external_model(location, values=(1.0, 2.0, 3.0, 4.0)):
    """y = x + w, whose w is in another file."""
    entry = lambda key, value: onnx.block(13, onnx.block(1, key), onnx.block(2, value))
    weight = onnx.number(1, len(values)) + onnx.number(2, onnx.FLOAT) + onnx.block(8, 'w') + \
        entry('location', location) + onnx.number(14, 1)
    shape = onnx.block(1, onnx.number(1, onnx.FLOAT), onnx.block(2, onnx.block(1, onnx.number(1, len(values)))))
    value = lambda name: onnx.block(1, name) + onnx.block(2, shape)
    node = onnx.block(1, 'x') + onnx.block(1, 'w') + onnx.block(2, 'y') + onnx.block(3, 'add') + onnx.block(4, 'Add')
    graph = onnx.block(1, node) + onnx.block(2, 'g') + onnx.block(5, weight) + onnx.block(11, value('x')) + \
        onnx.block(12, value('y'))
    return onnx.number(1, 8) + onnx.block(7, graph) + onnx.block(8, onnx.number(2, 17))


class HostileTest(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.models = tempfile.mkdtemp(prefix='allot-hostile-models-')
        cls.addClassCleanup(shutil.rmtree, cls.models)
        subprocess.run([MAKE_MODELS, cls.models], check=True)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='allot-hostile-')
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.target = self.path('two.json')
        self.write('two.json', json.dumps(TWO))

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def model(self, name='branches.onnx'):
        return os.path.join(self.models, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), 'wb') as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return self.path(name)

    def read(self, name):
        with open(self.path(name), 'rb') as file:
            return file.read()

    def allot(self, *arguments, program=ALLOT, **options):
        return run(program, *arguments, **options)

    def place(self, *arguments, model=None, **options):
        return self.allot(model or self.model(), f'--target={self.target}', '--quiet', *arguments, **options)

    def assertWorks(self, result):
        self.assertEqual(result.status, 0, result.err)
        return result

    def assertOneError(self, result, pattern):
        """Status 1 and one line that matches."""
        self.assertEqual(result.status, 1, f'{result.out}\n{result.err}')
        errors = [line for line in result.err.splitlines() if not line.startswith(('warning: ', 'note: '))]
        self.assertEqual(len(errors), 1, result.err)
        self.assertRegex(errors[0], '(^|: )error: ')  # allot-opt says where first
        self.assertRegex(errors[0], pattern)


def snapshot(folder, hidden=False):
    """Everything below the folder: bytes of files or a hash, where links lead, None for folders."""
    found = {}
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if hidden or not name.startswith('.allot-')]
        for name in folders + files:
            path = os.path.join(at, name)
            if not hidden and name.startswith('.allot-'):
                continue
            if os.path.islink(path):
                found[os.path.relpath(path, folder)] = os.readlink(path)
            elif os.path.isdir(path):
                found[os.path.relpath(path, folder)] = None
            else:
                with open(path, 'rb') as file:
                    bytes_ = file.read()
                found[os.path.relpath(path, folder)] = bytes_ if len(bytes_) < 100 else hashlib.sha256(bytes_).hexdigest()
    return found


def leftovers(folder):
    return [name for at, folders, _ in os.walk(folder) for name in folders if name.startswith('.allot-')]
