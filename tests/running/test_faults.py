"""Whatever goes wrong in a run: one line that says what, status 1, soon, and nothing is left behind."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import numpy

from placed_models import BUILD, ON_LINUX, ROOT, RunTest, edit, make_models, place, program, read

SCRATCH, MODELS = make_models('faults')
ENDLESS = '--samples=100000000'
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def copy_of(manifest):
    """A copy of a placed model that a test may damage."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix='copy-', dir=SCRATCH))
    shutil.copytree(manifest.parent, folder, dirs_exist_ok=True)

    def settle(content):
        content['model'] = os.path.relpath(manifest.parent / content['model'], folder)

    edit(folder / 'manifest.json', settle)
    return folder / 'manifest.json'


def endless_load(manifest):
    """A copy whose parts never end to load: pipes that nobody writes into. So whatever comes, comes while they load."""
    copy = copy_of(manifest)
    edit(copy, lambda content: content.pop('integrity'))
    for part in read(copy)['parts']:
        (copy.parent / part['file']).unlink()
        os.mkfifo(copy.parent / part['file'])
    return copy


def folder_of_inputs(*entries):
    folder = pathlib.Path(tempfile.mkdtemp(prefix='feeds-', dir=SCRATCH))
    index = []
    for i, (entry, data) in enumerate(entries):
        (folder / f'{i}.bin').write_bytes(data.tobytes())
        index.append({**entry, 'file': f'{i}.bin'})
    (folder / 'index.json').write_text(json.dumps(index))
    return folder


class Faults(RunTest):
    scratch = SCRATCH

    @classmethod
    def setUpClass(cls):
        cls.branches = place(SCRATCH, MODELS['branches'], 'throughput')
        cls.tied = place(SCRATCH, MODELS['tied_embedding'])

    @ON_LINUX
    def test_a_worker_is_killed_in_mid_stream(self):
        run = self.run_(self.branches, ENDLESS)
        victim = run.streaming()[0]
        os.kill(victim, signal.SIGKILL)
        self.fails(run, rf'\Aerror: the worker of device (left|right) \(process {victim}\) was killed by SIGKILL'
                        r'( at: run part \S+ of sample \d+)?\n\Z')

    @ON_LINUX
    def test_a_worker_is_killed_while_it_loads(self):
        run = self.run_(endless_load(self.branches), ENDLESS)
        victim = run.started()[0]
        os.kill(victim, signal.SIGKILL)
        self.fails(run, rf'the worker of device (left|right) \(process {victim}\) was killed by SIGKILL at: load .*\.onnx')

    @ON_LINUX
    def test_a_worker_that_stops_is_given_up(self):
        run = self.run_(self.branches, ENDLESS, '--stall-timeout=10')
        victim = run.streaming()[0]
        os.kill(victim, signal.SIGSTOP)
        self.fails(run, rf'the worker of device (left|right) \(process {victim}\) has not answered for 10 s \(--stall-timeout\) at: run part')
        self.fails(self.run_(endless_load(self.branches), ENDLESS, '--stall-timeout=2'),
                   r'has not answered for 2 s \(--stall-timeout\) at: load')

    @ON_LINUX
    def test_signals_in_mid_stream(self):
        for one in SIGNALS:
            with self.subTest(one.name):
                run = self.run_(self.branches, ENDLESS)
                run.streaming()
                os.kill(run.pid, one)
                self.fails(run, rf'\Aerror: interrupted by {one.name}\n\Z')

    @ON_LINUX
    def test_signals_to_all_processes_in_mid_stream_as_a_terminal_sends_them(self):
        for one in SIGNALS:
            with self.subTest(one.name):
                run = self.run_(self.branches, ENDLESS, group=True)
                run.streaming()
                os.killpg(run.pid, one)
                self.fails(run, rf'\Aerror: interrupted by {one.name}\n\Z')

    @ON_LINUX
    def test_signals_while_parts_load(self):
        for group in (False, True):
            run = self.run_(endless_load(self.branches), ENDLESS, group=group)
            run.started()
            (os.killpg if group else os.kill)(run.pid, signal.SIGINT)
            self.fails(run, r'\Aerror: interrupted by SIGINT\n\Z')

    @ON_LINUX
    def test_signals_again_and_again(self):
        run = self.run_(self.branches, ENDLESS, group=True)
        run.streaming()
        for _ in range(50):
            try:
                os.killpg(run.pid, signal.SIGINT)
            except ProcessLookupError:
                break
        self.fails(run, r'\Aerror: interrupted by SIGINT\n\Z')

    @ON_LINUX
    def test_the_runner_itself_is_killed(self):
        for when in ('streaming', 'started'):
            run = self.run_(self.branches, ENDLESS)
            getattr(run, when)()
            run.process.kill()
            self.assertEqual(run.end(), -signal.SIGKILL)

    def test_part_files_that_are_missing_or_changed(self):
        def damage(change, message):
            manifest = copy_of(self.branches)
            file = manifest.parent / read(manifest)['parts'][1]['file']
            change(file)
            self.fails(self.run_(manifest, '--samples=2'), message)
            return manifest

        def flip(file):
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(content)

        damage(lambda file: file.unlink(), r'\.onnx: the file is missing; write the parts again with allot\n\Z')
        damage(flip, r'\.onnx: the file is not the one that .*manifest\.json describes')
        manifest = damage(lambda file: os.truncate(file, file.stat().st_size // 2), r'\.onnx: the file is not the one')
        # Without hashes it is ONNX Runtime that sees it.
        edit(manifest, lambda content: content.pop('integrity'))
        self.fails(self.run_(manifest, '--samples=2'), r'\Aerror: device (left|right): load .*\.onnx: ')

    def test_parts_that_do_not_fit_the_manifest(self):
        def rename(content):
            content['parts'][-1]['outputs'] = content['outputs'] = ['z']

        def swap(content):
            part = next(part for part in content['parts'] if 'x' in part['inputs'])
            part['inputs'] = ['w' if name == 'x' else name for name in part['inputs']]
            content['inputs'].append('w')
            content['signature']['w'] = content['signature']['x']

        for change, message in ((rename, 'the file does not make z, which'), (swap, 'the file takes no w, which')):
            manifest = copy_of(self.branches)
            edit(manifest, change)
            self.fails(self.run_(manifest, '--samples=2'), rf'\.onnx: {message} .*manifest\.json lists\n\Z')

    def test_inputs_that_the_model_does_not_take(self):
        x, data = {'name': 'x', 'type': 'float32', 'dims': [2, 3, 32, 32]}, numpy.zeros((2, 3, 32, 32), numpy.float32)

        def given(entry, values=data):
            return self.run_(self.branches, '--samples=2', f'--inputs={folder_of_inputs((entry, values))}')

        run = given(x)
        self.assertEqual((run.end(), run.stderr), (0, ''))
        self.fails(given({**x, 'dims': [2, 3, 16, 64]}), r'input x is float32\[2,3,16,64\], the model takes float32\[batch,3,32,32\]\n\Z')
        self.fails(given({**x, 'type': 'float64'}, data.astype(float)), r'input x is float64\[2,3,32,32\], the model takes float32')
        self.fails(given({**x, 'name': 'y'}), r'index\.json: there is no input x\n\Z')
        self.fails(given(x, data.reshape(-1)[:5]), r'0\.bin: 20 bytes do not hold float32\[2,3,32,32\]\n\Z')
        self.fails(self.run_(self.branches, '--samples=2', '--inputs=no-such-folder'), r'no-such-folder/index\.json: No such file')
        self.fails(self.run_(self.branches, '--samples=2', '--inputs=no-such.json'), r'no-such\.json: No such file')

    def test_a_model_that_fails_as_it_runs(self):
        spec = SCRATCH / 'beyond.inputs.json'
        spec.write_text(json.dumps({'inputs': {'ids': {'low': 1000000, 'high': 1000001}}}))
        given = (self.tied, '--samples=50', f'--inputs={spec}')
        self.fails(self.run_(*given), r'(?i)\Aerror: device (left|right): run part p\d+ of sample \d+: .*(out of|bounds)')
        self.fails(self.run_(*given, '--check'), r'\Aerror: device (left|right): run part whole of sample 0: ')
        self.fails(self.run_(*given, '--annotated'), r'\Aerror: device annotated: run .*model\.annotated\.onnx: ')

    def test_outputs_that_differ_from_the_whole_models(self):
        other = copy_of(self.branches)
        edit(other, lambda content: content.update(model=os.path.relpath(MODELS['tied_embedding'], other.parent)))
        self.fails(self.run_(other, '--samples=2', '--check'), r'tied_embedding\.onnx: the file takes no x')
        # Other weights: in the largest file most bytes are of weights, and of four in a row one is of an exponent.
        damaged = copy_of(self.branches)
        file = max((damaged.parent / part['file'] for part in read(damaged)['parts']), key=lambda path: path.stat().st_size)
        content = bytearray(file.read_bytes())
        for i in range(4):
            content[len(content) // 2 + i] ^= 0x40
        file.write_bytes(content)
        edit(damaged, lambda said: said.pop('integrity'))
        differs = r'sample 0: output y: element \d+ is \S+( \(\S+\))? instead of \S+, which the whole model gives'
        self.fails(self.run_(damaged, '--samples=2', '--check', '--opt=disabled'), rf'\Aerror: {differs} \(tolerance 0\)\n\Z')
        self.fails(self.run_(damaged, '--samples=2', '--check', '--tolerance=1e-9'),
                   rf'\Aerror: {differs} \(tolerance 1e-09\); fusions end where parts do: compare with --opt=disabled, or set --tolerance\n\Z')

    def test_what_cannot_be_asked_for(self):
        branches = self.branches
        for arguments, message in (
                ((), r'no manifest given; usage: allot-run MANIFEST'), ((branches, self.tied), 'more than one manifest given'),
                ((branches.parent,), r'did you mean .*manifest\.json\?\n\Z'),
                ((branches, '--sample=3'), r'unknown option --sample; did you mean --samples\?'),
                ((branches, '--whole=gpu7'), r'--whole=gpu7: there is no such device \(there are left, right\)\n\Z'),
                ((branches, '--dim=batsh=3'), r"--dim=batsh=3: no input has a dimension batsh; did you mean 'batch'\?\n\Z"),
                ((branches, ENDLESS, '--trace=/no/such/folder/t.json'), 'cannot write /no/such/folder/t.json: No such file'),
                ((branches, ENDLESS, f'--trace={SCRATCH}'), r'cannot write .*: it is a folder\n\Z')):
            with self.subTest(message):
                self.fails(self.run_(*arguments), message)
        for model, arguments, message in (
                (None, ('--check',), r'names no model; make the parts from a file, not from standard input\n\Z'),
                ('../../../../../../dev/zero', ('--check',), r'the model .*dev/zero is no file; make the parts from a file\n\Z'),
                ('gone.onnx', ('--whole=left',), r'load .*gone\.onnx: ')):
            with self.subTest(message):
                copy = copy_of(branches)
                edit(copy, lambda content: content.update(model=model))
                self.fails(self.run_(copy, '--samples=2', *arguments), message)

    def test_a_device_that_is_not_here(self):
        other = place(SCRATCH, MODELS['branches'], provider=lambda name: 'cpu' if name == 'left' else 'qnn')
        self.fails(self.run_(other, '--samples=2'),
                   r'device right runs on provider qnn, which is not installed here \(there is cpu.*\); pip install onnxruntime-qnn brings '
                   r'it; --on=cpu runs every part on the CPU\n\Z')
        # What runs elsewhere is compared with the whole model, not with what was predicted for another device.
        text = self.succeeds(other, '--samples=2', '--on=cpu', '--check', '--opt=disabled')
        self.assertNotRegex(text, r', predicted | {2}predicted')
        self.assertRegex(text, r'\n {2}parts of right ran on the CPU: measured, and not compared with what was predicted for other devices\n')
        report = self.json(other, '--samples=2', '--on=cpu')
        self.assertEqual((report['moved'], report['predicted_us'], report['error']), (['right'], None, None))
        self.assertFalse([key for row in [*report['parts'], *report['devices']] for key in row if key.startswith('predicted')])

        def forget(content):
            for device in content['devices']:
                device['type'] = 'npu'  # a cpu needs no provider
                del device['runtime']

        edit(other, forget)
        self.fails(self.run_(other, '--samples=2'), r'device left has no runtime\.provider in the target; --on=cpu')
        self.succeeds(other, '--samples=2', '--on=cpu')

    @unittest.skipUnless(shutil.which('prlimit'), 'limits files with prlimit')
    def test_no_room_in_shared_memory(self):
        # The inputs fit, and then nothing else; or not even they.
        def limited(size):
            return self.run_(self.branches, ENDLESS, '--distinct=1', under=('prlimit', f'--fsize={size}'))

        no_room = r'no room for \d+ bytes in memory shared by workers \(EFBIG\); lower --in-flight\n\Z'
        self.fails(limited(2 ** 34), rf'\Aerror: device (left|right): run part p\d+ of sample \d+: {no_room}')
        self.fails(limited(100), rf'\Aerror: {no_room}')

    def test_shared_memory_is_full(self):
        if os.geteuid() != 0 or not shutil.which('unshare'):
            self.skipTest('mounts a small file system, as root')
        # The folder for temporaries is as small: that is where a run goes when /dev/shm has no room.
        small = ('unshare', '-m', 'sh', '-c',
                 f'mount -t tmpfs -o size=64k none /dev/shm && mount -t tmpfs -o size=64k none {SCRATCH / "small"} && exec "$@"', 'sh')
        (SCRATCH / 'small').mkdir()
        if subprocess.run([*small, 'true'], capture_output=True).returncode != 0:
            self.skipTest('nothing may be mounted here')
        run = self.run_(self.branches, ENDLESS, under=small, env={'TMPDIR': str(SCRATCH / 'small')})
        self.fails(run, r'no room for \d+ bytes in memory shared by workers \(ENOSPC\); lower --in-flight\n\Z')

    def test_no_onnx_runtime(self):
        # In the launcher, and behind it.
        tools = SCRATCH / 'tools'
        tools.mkdir()
        launcher, useless = tools / 'allot-run', tools / 'python3'
        shutil.copy(ROOT / 'python' / 'launcher.sh', launcher)
        useless.write_text('#!/bin/sh\nexit 1\n')
        useless.chmod(0o755)

        def launched(**env):
            return self.run_(self.branches, words=[str(launcher)], env={'PATH': f'{tools}:/usr/bin:/bin', 'ALLOT_PYTHON': '', **env})

        self.fails(launched(ALLOT_PYTHON='/nowhere/python'),
                   r"\Aerror: allot-run cannot start: ALLOT_PYTHON is '/nowhere/python', which is no Python 3.9 or later\n\Z")
        nothing = r'\Aerror: allot-run cannot start: there is no Python 3\.9 or later that has onnxruntime; '
        self.fails(launched(), nothing + r'pip install onnxruntime\n\Z')
        shutil.copy(ROOT / 'python' / 'install_runtime.sh', tools)
        self.fails(launched(), nothing + r'.*/tools/install_runtime\.sh makes one with ONNX Runtime, or ALLOT_PYTHON names yours \(.*\)\n\Z')
        other = tools / 'another-name'
        other.symlink_to(launcher)
        self.fails(self.run_(self.branches, words=[str(other)]), r'\Aerror: another-name cannot start: a link to it must be called as the program is')
        hidden = program('run')
        hidden[-1] = "import sys; sys.modules['onnxruntime'] = None; " + hidden[-1]
        self.fails(self.run_(self.branches, '--samples=2', words=hidden),
                   r'\Aerror: running a plan needs ONNX Runtime, and it does not load \(.*\): pip install onnxruntime\n\Z')

    @ON_LINUX
    def test_no_room_under_the_output(self):
        with open('/dev/full', 'w') as full:
            run = self.run_(self.branches, '--samples=2', '--json', stdout=full)
            self.assertEqual(run.end(), 1)
        self.assertRegex(run.stderr, r'\Aerror: cannot write to standard output: No space left[^\n]*\n\Z')
        # What is printed must not go into a pipe or memory of ours that took its place.
        launcher = ['env', f'ALLOT_PYTHON={sys.executable}', 'bash', '-c', '"$@" >&-', 'bash', str(BUILD / 'allot-run')]
        closed = self.run_(self.branches, '--samples=2', words=launcher)
        self.assertEqual(closed.end(), 1)
        self.assertRegex(closed.stderr, r'\Aerror: cannot write to standard output: [^\n]*\n\Z')

    def test_whoever_reads_the_output_stops(self):
        run = self.run_(self.branches, '--samples=20', '--json')
        run.process.stdout.close()
        run.process.stdout = None
        self.assertEqual((run.end(), run.stderr), (0, ''))

    def test_nothing_is_taken_from_the_current_folder(self):
        folder = SCRATCH / 'mine'
        folder.mkdir()
        for name in ('numpy', 'json', 'allot', 'onnxruntime'):
            (folder / f'{name}.py').write_text('raise SystemExit(9)')
        before = os.getcwd()
        os.chdir(folder)
        try:
            self.succeeds(self.branches, '--samples=2')
        finally:
            os.chdir(before)


if __name__ == '__main__':
    unittest.main()
