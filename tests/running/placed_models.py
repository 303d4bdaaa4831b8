"""Models placed on two CPU devices, and allot-run as a process that tests watch and hurt."""

import atexit
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get('ALLOT_BUILD', ROOT / 'build'))
LONGEST_S = 300  # tells what hangs from a slow machine

LEFT = ('Conv', 'MatMul', 'Add', 'Sigmoid', 'If', 'SequenceAt', 'gate', 'NonZero')
RIGHT = ('Relu', 'Mul', 'Tanh', 'Concat', 'Loop', 'twice', 'Gather', 'LayerNormalization')
PROGRAM = 'import sys; sys.path[0] = {!r}; from allot.commands.{} import main; main()'
ON_LINUX = unittest.skipUnless(sys.platform == 'linux', 'finds workers in /proc')


def program(name, root=None):
    """The words that start a program of the package."""
    return [sys.executable, '-c', PROGRAM.format(str(root or ROOT / 'python'), name)]


def make_scratch(name):
    """A folder of its own, removed when the tests end."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f'allot-test-{name}-'))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def make_models(name):
    """Writes all models of the end-to-end tests into a scratch folder; the folder, and the models by name."""
    scratch = make_scratch(name)
    folder = scratch / 'models'
    folder.mkdir()
    subprocess.run([BUILD / 'make-e2e-models', folder], check=True, stdout=subprocess.DEVNULL)
    return scratch, {path.stem: path for path in sorted(folder.glob('*.onnx'))}


def place(scratch, model, objective='latency', rules=True, provider=lambda name: 'cpu', pipeline=None, more=()):
    """Places a model on two CPU devices, neighbouring operators apart unless without `rules`; the manifest's path."""
    out = pathlib.Path(tempfile.mkdtemp(prefix=f'{pathlib.Path(model).stem}-', dir=scratch))
    devices = [{'name': name, 'kind': 'cpu', 'memory': '1GiB', 'flops': {'default': '1T'}, 'memory_bandwidth': '100GB/s',
                'part_cost_us': 1, 'op_cost_us': 0.1, 'runtime': {'provider': provider(name), 'threads': 1}} for name in ('left', 'right')]
    target = scratch / f'{out.name}.target.json'
    target.write_text(json.dumps({
        'schema': 'allot.target/1', 'name': 'scattered', 'devices': devices,
        'topology': {'links': [{'from': 'left', 'to': 'right', 'bandwidth': '10GB/s', 'latency_us': 1}]},
        'rules': [*({'pin': 'left', 'op': op} for op in LEFT), *({'pin': 'right', 'op': op} for op in RIGHT)] if rules else []}))
    subprocess.run([BUILD / 'allot', model, f'--target={target}', f'--objective={objective}', '--dim', 'batch=2', '-o', out, '--quiet',
                    *([f'--pass-pipeline={pipeline}'] if pipeline else []), *more], check=True, capture_output=True)
    return out / 'manifest.json'


def read(path):
    """The JSON in a file."""
    return json.loads(pathlib.Path(path).read_text())


def edit(manifest, change):
    """Changes a manifest: `change(content)` in place."""
    content = read(manifest)
    change(content)
    manifest.write_text(json.dumps(content))


def _stat(pid):
    try:
        text = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return None
    found = re.match(r'.*\) (\S) (\d+) ', text, re.DOTALL)
    return found.group(1), int(found.group(2))


def is_alive(pid):
    """Whether a process runs."""
    stat = _stat(pid)
    return stat is not None and stat[0] not in 'ZX'


def until(condition, what):
    """What the condition gives, once that is something."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError(f'{what} did not come about in {LONGEST_S} s')


class Run:
    """allot-run as a process of its own, with a folder for temporaries of its own; `under`: a command that runs it."""

    def __init__(self, scratch, *arguments, words=None, env=None, group=False, under=(), stdout=subprocess.PIPE):
        self.temporary = tempfile.mkdtemp(prefix='tmp-', dir=scratch)
        self.seen = set()
        self.process = subprocess.Popen(
            [*under, *(words or program('run')), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
            start_new_session=group, text=True, env={**os.environ, 'TMPDIR': self.temporary, 'PYTHONDONTWRITEBYTECODE': '1', **(env or {})})
        self.stdout = self.stderr = None

    @property
    def pid(self):
        return self.process.pid

    def workers(self):
        """Process ids of the workers that there are now."""
        pids = [int(name) for name in os.listdir('/proc') if name.isdigit()]
        found = [pid for pid in pids if (_stat(pid) or (None, None))[1] == self.pid]
        self.seen.update(found)
        return found

    def _watch(self):
        if self.process.poll() is not None:
            raise AssertionError(f'ended too soon: {self.process.stderr.read()}')
        return self.workers()

    def started(self, count=2):
        """The workers, as soon as there are so many."""
        return until(lambda: (lambda pids: pids if len(pids) == count else None)(self._watch()), 'the workers')

    def streaming(self, count=2):
        """The workers once samples are under way: the inputs are in shared memory when all parts are loaded."""
        self.started(count)

        def written():
            for descriptor in os.listdir(f'/proc/{self.pid}/fd'):
                try:
                    place = f'/proc/{self.pid}/fd/{descriptor}'
                    if f'allot-run-{self.pid}-' in os.readlink(place):
                        return os.stat(place).st_blocks > 0
                except OSError:
                    continue
            return False

        return until(lambda: (lambda pids: pids if len(pids) == count and written() else None)(self._watch()), 'the stream')

    def end(self):
        """Waits for the end, which must come and leave nothing behind. The status."""
        try:
            self.stdout, self.stderr = self.process.communicate(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f'no end in {LONGEST_S} s') from None
        until(lambda: not any(map(is_alive, self.seen)), 'the end of all workers')
        left = os.listdir(self.temporary)
        if left:
            raise AssertionError(f'left in the folder for temporaries: {left}')
        if os.path.isdir('/dev/shm'):
            left = [name for name in os.listdir('/dev/shm') if f'-{self.pid}-' in name]
            if left:
                raise AssertionError(f'left in /dev/shm: {left}')
        return self.process.returncode


class RunTest(unittest.TestCase):
    """A test of allot-run on what is in `scratch`."""

    scratch = None

    def run_(self, *arguments, **how):
        return Run(self.scratch, *arguments, **how)

    def fails(self, run, message):
        """Ends with one line `error: ...` that matches, status 1 and no output."""
        status = run.end()
        self.assertRegex(run.stderr, r'\Aerror: [^\n]+\n\Z')
        self.assertRegex(run.stderr, message)
        self.assertEqual((status, run.stdout), (1, ''))

    def succeeds(self, *arguments, **how):
        """Ends well; its output."""
        run = self.run_(*arguments, **how)
        status = run.end()
        self.assertEqual((status, run.stderr), (0, ''))
        return run.stdout

    def json(self, *arguments, **how):
        """What it prints as JSON."""
        return json.loads(self.succeeds(*arguments, '--json', **how))
