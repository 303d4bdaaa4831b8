"""Inputs without an end, too deep, too many; memory that runs out."""
import json
import os
import subprocess
import threading
import time
import unittest

import hostile
from hostile import ALLOT, ALLOT_OPT, ALLOT_SOLVE, PEAK_MEMORY, HostileTest, onnx, run

FLOAT4 = onnx.block(1, onnx.number(1, onnx.FLOAT), onnx.block(2, onnx.block(1, onnx.number(1, 4))))


def value(name):
    return onnx.block(1, name) + onnx.block(2, FLOAT4)


def node(kind, inputs, outputs, name, domain=''):
    return b''.join(onnx.block(1, each) for each in inputs) + b''.join(onnx.block(2, each) for each in outputs) + \
        onnx.block(3, name) + onnx.block(4, kind) + (onnx.block(7, domain) if domain else b'')


def model(nodes, *outputs, functions=()):
    graph = b''.join(onnx.block(1, each) for each in nodes) + onnx.block(2, 'g') + onnx.block(11, value('x')) + \
        b''.join(onnx.block(12, value(output)) for output in outputs)
    return onnx.number(1, 8) + onnx.block(7, graph) + onnx.block(8, onnx.number(2, 17)) + \
        onnx.block(8, onnx.block(1, 'f'), onnx.number(2, 1)) + b''.join(onnx.block(25, each) for each in functions)


def function(name, nodes, last):
    return onnx.block(1, name) + onnx.block(4, 'x') + onnx.block(5, last) + \
        b''.join(onnx.block(7, each) for each in nodes) + onnx.block(9, onnx.number(2, 17)) + \
        onnx.block(9, onnx.block(1, 'f'), onnx.number(2, 1)) + onnx.block(10, 'f')


def functions(levels, calls=2, inner='Relu'):
    """Each function calls the next `calls` times; the last is one operator."""
    made = [function(f'f{levels}', [node(inner, ['x'], ['y'], 'n')], 'y')]
    for level in range(levels):
        steps = [node(f'f{level + 1}', [f'v{i}' if i else 'x'], [f'v{i + 1}'], f'n{i}', 'f') for i in range(calls)]
        made.append(function(f'f{level}', steps, f'v{calls}'))
    return model([node('f0', ['x'], ['y'], 'call', 'f')], 'y', functions=made)


class ShapeTest(HostileTest):
    """Graphs that are all width, or all length."""

    def test_a_value_with_very_many_readers(self):
        steps = [node('Sigmoid', ['x'], [f'v{i}'], f'n{i}') for i in range(10_000)]
        steps.append(node('Sum', [f'v{i}' for i in range(10_000)], ['y'], 'sum'))
        self.assertWorks(self.place('--json', model=self.write('fan.onnx', model(steps, 'y'))))

    def test_a_very_long_chain(self):
        steps = [node('Sigmoid' if i % 2 else 'Relu', [f'v{i}' if i else 'x'], [f'v{i + 1}'], f'n{i}') for i in range(100_000)]
        path = self.write('chain.onnx', model(steps, 'v100000'))
        result = run(PEAK_MEMORY, ALLOT, path, f'--target={self.target}', '--quiet')
        self.assertWorks(result)
        self.assertLess(int(result.out.splitlines()[-1]), 200_000)  # KiB; less than 2 a node

    def test_very_many_outputs(self):
        steps = [node('Sigmoid', ['x'], [f'v{i}'], f'n{i}') for i in range(10_000)]
        path = self.write('outputs.onnx', model(steps, *(f'v{i}' for i in range(10_000))))
        self.assertWorks(self.place('--json', model=path))


class FunctionTest(HostileTest):
    def test_functions_that_call_functions(self):
        for levels, calls in ((64, 2), (64, 5), (90, 2), (12, 40)):
            path = self.write(f'f{levels}_{calls}.onnx', functions(levels, calls))
            self.assertWorks(self.place('-o', self.path(f'out{levels}_{calls}'), model=path))

    def test_what_a_body_deep_down_uses_is_found(self):
        target = dict(hostile.TWO, devices=[dict(device, **({'supports': {'except': ['Sqrt']}} if device['name'] == 'd1' else {}))
                                            for device in hostile.TWO['devices']])
        self.target = self.write('picky.json', json.dumps(target))
        path = self.write('f.onnx', functions(40, 2, 'Sqrt'))
        result = self.place('--pin=.*=d1', model=path)
        self.assertOneError(result, 'd1.*Sqrt|Sqrt.*d1')

    def test_functions_without_an_end(self):
        ring = [function('f0', [node('f1', ['x'], ['y'], 'n', 'f')], 'y'),
                function('f1', [node('f0', ['x'], ['y'], 'n', 'f')], 'y')]
        path = self.write('ring.onnx', model([node('f0', ['x'], ['y'], 'call', 'f')], 'y', functions=ring))
        result = self.place(model=path)
        if result.status != 0:
            self.assertOneError(result, 'f0|f1|deep|itself')
        path = self.write('deep.onnx', functions(5000, 1))
        result = self.place(model=path)
        if result.status != 0:
            self.assertOneError(result, 'deep')


class EndlessTest(HostileTest):
    """Each kind of input, from where no end comes."""

    def inputs(self, path):
        good = self.model()
        return {
            'model': [ALLOT, path, f'--target={self.target}'],
            'target': [ALLOT, good, f'--target={path}'],
            'costs': [ALLOT, good, f'--target={self.target}', f'--costs={path}'],
            'problem': [ALLOT_SOLVE, path],
            'solution': [ALLOT_SOLVE, self.write('p.json', problem(1)), f'--verify={path}'],
            'batch': [ALLOT_SOLVE, f'--batch=1:{path}'],
            'text': [ALLOT_OPT, path],
            'plan': [ALLOT, 'explain', path],
            'plans': [ALLOT, 'diff', path, path],
            'golden': [ALLOT, 'check', good, f'--golden={path}'],
        }

    def test_devices(self):
        for device in ('/dev/zero', '/dev/urandom', '/dev/full'):
            for what, command in self.inputs(device).items():
                with self.subTest(f'{what}: {device}'):
                    start = time.monotonic()
                    self.assertOneError(run(*command, shell_limit='-v 2000000'), '/dev/|device')
                    self.assertLess(time.monotonic() - start, 10)

    def test_standard_input(self):
        for command in ([ALLOT, '-', f'--target={self.target}'], [ALLOT_OPT], [ALLOT_OPT, '-'], [ALLOT_SOLVE, '-']):
            with open('/dev/zero', 'rb') as zero:
                self.assertOneError(run(*command, stdin=zero, shell_limit='-v 2000000'), 'device')

    def test_folders(self):
        os.mkdir(self.path('folder'))
        for what, command in self.inputs(self.path('folder')).items():
            with self.subTest(what):
                self.assertOneError(run(*command), 'folder')

    def test_pipes_without_a_writer(self):
        os.mkfifo(self.path('pipe'))
        runs = {what: subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
                for what, command in self.inputs(self.path('pipe')).items()}
        for what, process in runs.items():
            with self.subTest(what):
                _, err = process.communicate(timeout=30)
                self.assertEqual(process.returncode, 1, err)
                self.assertRegex(err, '(?m)^error: .*nobody writes')

    def test_plugins_that_are_no_files(self):
        os.mkfifo(self.path('pipe'))
        for path in ('/dev/zero', '/dev/null', self.path('pipe'), self.folder):
            self.assertOneError(run(ALLOT, self.model(), f'--load-plugin={path}'), 'is no file')

    def test_pipes_with_a_late_and_slow_writer(self):
        pipe = self.path('pipe.onnx')
        os.mkfifo(pipe)
        with open(self.model(), 'rb') as file:
            contents = file.read()

        def write():
            time.sleep(1)
            with open(pipe, 'wb', buffering=0) as file:
                time.sleep(1)
                for at in range(0, len(contents), 50_000):
                    file.write(contents[at:at + 50_000])
                    time.sleep(.1)

        writer = threading.Thread(target=write)
        writer.start()
        self.assertWorks(run(ALLOT, pipe, f'--target={self.target}'))
        writer.join()
        result = run('bash', '-c', f'{ALLOT} <(sleep 1; cat {self.model()}) --target=<(cat {self.target}) --quiet')
        self.assertWorks(result)

    def test_names_that_move_the_cursor(self):
        """Names of models and problems may hold line ends and terminal sequences; messages are one line of plain text."""
        with open(self.model(), 'rb') as file:
            contents = file.read()
        self.assertIn(b'\x12\x05batch', contents[-200:])
        named = self.write('named.onnx', contents.replace(b'\x12\x05batch', b'\x12\x05b\n\x1b[J'))
        for arguments in ([], ['--dim=b=2'], ['--default-dim=1000000000']):
            result = run(ALLOT, named, f'--target={self.target}', *arguments)
            self.assertNotIn('\x1b', result.err)
            for line in result.err.splitlines():
                self.assertRegex(line, '^(note|warning|error|[^ ]*: warning): ')
        result = run(ALLOT, named, f'--target={self.target}', '--pin=\x1b[J=d0')
        self.assertOneError(result, 'x1b')
        self.assertNotIn('\x1b', result.err)

    def test_a_model_from_a_pipe_has_no_name(self):
        """Nobody can read it once more, and its name tells of the shell that made it."""
        for number, command in enumerate((f'{ALLOT} - <{self.model()}', f'cat {self.model()} | {ALLOT} /dev/stdin', f'{ALLOT} <(cat {self.model()})')):
            out = self.path(f'out{number}')
            self.assertWorks(run('bash', '-c', f'{command} --target={self.target} --quiet -o {out}'))
            self.assertNotIn('model', json.loads(self.read(f'out{number}/manifest.json')))
            self.assertNotIn('model', json.loads(self.read(f'out{number}/plan.json')))
            self.assertIn('stdin.00000_d0.onnx', os.listdir(out))

    def test_a_pipe_without_an_end(self):
        for command in ([ALLOT_SOLVE, '-'], [ALLOT_OPT, '-'], [ALLOT, '-', f'--target={self.target}']):
            endless = subprocess.Popen(['yes'], stdout=subprocess.PIPE)
            try:
                self.assertOneError(run(*command, stdin=endless.stdout, shell_limit='-v 1000000'), 'no end|memory')
            finally:
                endless.kill()
                endless.stdout.close()
                endless.wait()


def problem(items):
    listed = ', '.join(f'{{"name": "i{i}", "time": [5, 7]}}' for i in range(items))
    return ('{"schema": "allot.problem/1", "objective": "latency", "communication": "delay", "devices": [{"name": "a"}, '
            f'{{"name": "b"}}], "channels": 0, "routes": [], "items": [{listed}], "flows": []}}')


class MemoryTest(HostileTest):
    def test_memory_that_runs_out(self):
        nodes = [node('Relu', ['x' if i == 0 else f'v{i}'], [f'v{i + 1}'], f'n{i}') for i in range(100_000)]
        path = self.write('long.onnx', model(nodes, 'v100000'))
        text = self.write('p.json', problem(200_000))
        for limit in (60_000, 90_000, 120_000, 160_000, 200_000):
            for command in ([ALLOT, path, f'--target={self.target}', '-o', self.path('out')],
                            [ALLOT, path, f'--target={self.target}', '--threads=4', '--work=1000'],
                            [ALLOT_OPT, path, '-o', self.path('out.mlir')],
                            [ALLOT_SOLVE, text, '--threads=4', '--work-limit=1000']):
                with self.subTest(f'{limit}: {command}'):
                    result = run(*command, shell_limit=f'-v {limit}', timeout=120)
                    if result.status != 0 or limit < 100_000:
                        self.assertOneError(result, '(?i)memory|thread')
        self.assertFalse([name for name in os.listdir(self.folder) if name == 'out'])

    def test_a_model_that_is_cut_off_while_it_is_read(self):
        """At every moment: a line that names the model, or a plan."""
        lines = set()
        with open(self.model('googlenet.onnx'), 'rb') as file:
            contents = file.read()
        for step in range(12):
            path = self.write('m.onnx', contents)
            process = subprocess.Popen([ALLOT, path, f'--target={self.target}', '--quiet', '-o', self.path(f'out{step}')],
                                       stderr=subprocess.PIPE, text=True)
            time.sleep(step * 0.004)
            os.truncate(path, 1000)
            _, err = process.communicate(timeout=60)
            self.assertIn(process.returncode, (0, 1), err)
            if process.returncode:
                lines.add(err)
                self.assertRegex(err, r'\Aerror: .*m\.onnx.*\n\Z')
                self.assertFalse(os.path.exists(self.path(f'out{step}')))
        self.assertTrue(lines)


if __name__ == '__main__':
    unittest.main()
