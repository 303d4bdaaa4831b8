"""The program and its parts around the runner: files, rules of inputs, tables, errors, and the backends' completeness."""
import ast
import inspect
import os
import subprocess
import sys
import tempfile
import unittest

from onnx_writer import BOOL, FLOAT, HALF, INT32, INT64, block, graph, model, node, number, tensor, value
from plain_backend import PlainBackend  # makes torch_profile importable

from torch_profile import backend as backends
from torch_profile.costs_table import Row, print_costs
from torch_profile.element_types import wrapped
from torch_profile.errors import UserError
from torch_profile.node_runner import NodeTime
from torch_profile.onnx_reader import read_model
from torch_profile.report import operator_rows
from torch_profile.shape_backend import ShapeBackend
from torch_profile.statistics import median, spread

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'runner')
PROGRAM = os.path.join(RUN, 'profile_torch.py')
RELU = model(graph([node('Relu', ['x'], ['y'], name='act')], [value('x', FLOAT, ['n', 3])], [value('y')]))


class Reader(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, 'm.onnx')

    def read(self, data):
        with open(self.path, 'wb') as file:
            file.write(data)
        return read_model(self.path)

    def constants(self, *tensors):
        return self.read(model(graph([], [], [], tensors))).graph.initializers

    def test_all_forms_of_elements(self):
        packed = number(1, 2) + number(2, INT64) + block(7, number(0, 5)[1:], number(0, -1)[1:]) + block(8, 'packed')
        single = number(1, 2) + number(2, INT32) + number(5, 7) + number(5, -8) + block(8, 'single')
        truth = number(1, 2) + number(2, BOOL) + number(5, 1) + number(5, 0) + block(8, 'truth')
        half = number(1, 1) + number(2, HALF) + number(5, 0x3e00) + block(8, 'half')
        raw = tensor('raw', [2], FLOAT, [0.5, -2.0]), tensor('raw16', [1], HALF, [1.5])
        found = self.constants(packed, single, truth, half, *raw)
        self.assertIs(found['truth'].values()[0], True)
        self.assertEqual({name: t.values() for name, t in found.items()}, {
            'packed': [5, -1], 'single': [7, -8], 'truth': [True, False], 'half': [1.5], 'raw': [0.5, -2.0], 'raw16': [1.5]})

    def test_too_few_elements(self):
        with self.assertRaisesRegex(UserError, "tensor 'w' has 1 elements, but its dimensions need 3"):
            self.constants(tensor('w', [3], INT64, [1]))['w'].values()

    def test_external_data(self):
        outside = number(1, 1) + number(2, INT64) + block(8, 'w') + number(14, 1)
        with open(os.path.join(os.path.dirname(self.path), 'w.bin'), 'wb') as file:
            file.write(bytes(8) + (9).to_bytes(8, 'little'))
        place = block(13, block(1, 'location'), block(2, 'w.bin')) + block(13, block(1, 'offset'), block(2, '8'))
        self.assertEqual(self.constants(outside + place)['w'].values(), [9])
        for location, message in (('../w.bin', 'outside'), ('none.bin', 'cannot be read')):
            with self.assertRaisesRegex(UserError, message):
                self.constants(outside + block(13, block(1, 'location'), block(2, location)))['w'].values()

    def test_every_truncation_is_one_error_or_a_model(self):
        whole = model(graph([node('Relu', ['x'], ['y'], alpha=0.5, axes=[1, 2])], [value('x')], [value('y')],
                            [tensor('w', [2], INT64, [1, 2])]))
        for length in range(len(whole)):
            try:
                self.read(whole[:length])
            except UserError as error:
                self.assertIn('m.onnx: ', str(error))

    def test_nesting_has_an_end(self):
        inner = graph([], [], [])
        for _ in range(80):
            inner = graph([node('If', ['c'], ['y'], then_branch=inner)], [], [])
        with self.assertRaisesRegex(UserError, 'nested more than 64 deep'):
            self.read(model(inner))


class Tables(unittest.TestCase):
    def test_rows_and_comments(self):
        rows = [Row('op', 'gpu0', 41.52345, node='a, "b"'), Row('launch', 'gpu0', 10.0),
                Row('transfer', 'cpu0', 3.25, to='gpu0', bytes=4096)]
        self.assertEqual(print_costs(['of\ntwo lines'], rows), '# of two lines\nwhat,node,device,to,bytes,time_us,fused_into\n'
                         'op,"a, ""b""",gpu0,,,41.523,\nlaunch,,gpu0,,,10,\ntransfer,,cpu0,gpu0,4096,3.25,\n')

    def test_nodes_of_one_name_get_no_row(self):
        times = [NodeTime('a', 'Relu', 1.0, 'measured'), NodeTime('b', 'Relu', 0.0, 'view'), NodeTime('a', 'Neg', 2.0, 'measured')]
        rows, missing = operator_rows(times, 'gpu0')
        self.assertEqual([(row.node, row.time_us) for row in rows], [('b', 0.0)])
        self.assertEqual([time.why for time in missing], ['another node has the same name'] * 2)

    def test_statistics(self):
        self.assertEqual(median([5.0, 1.0, 3.0]), 3.0)
        self.assertEqual(spread([1.0, 2.0, 3.0, 4.0]), 1.0)
        self.assertEqual((median([]), spread([0.0])), (0.0, 0.0))

    def test_numbers_wrap_as_their_type_does(self):
        self.assertEqual(wrapped(3, [130, -1]), [-126, -1])
        self.assertEqual(wrapped(2, [300, -1]), [44, 255])
        self.assertEqual(wrapped(INT64, [1 << 63, 1.9]), [-(1 << 63), 1])


class Completeness(unittest.TestCase):
    """The PyTorch backend cannot be imported everywhere; that it has every primitive is seen in its text."""

    def setUp(self):
        with open(os.path.join(RUN, 'torch_profile', 'torch_backend.py'), encoding='utf-8') as file:
            tree = ast.parse(file.read())
        [cls] = [item for item in tree.body if isinstance(item, ast.ClassDef)]
        self.methods = {item.name: [a.arg for a in item.args.args] for item in cls.body if isinstance(item, ast.FunctionDef)}
        self.tables = {item.target.id: {key.value for key in item.value.keys} for item in tree.body
                       if isinstance(item, ast.AnnAssign) and isinstance(item.value, ast.Dict)}

    def test_every_primitive_with_its_arguments(self):
        for name, method in inspect.getmembers(backends.Backend, inspect.isfunction):
            if not name.startswith('_'):
                self.assertEqual(self.methods.get(name), list(inspect.signature(method).parameters), name)
                self.assertIn(name, vars(ShapeBackend), name)

    def test_every_elementwise_operation_and_reduction(self):
        self.assertEqual(self.tables['_UNARY'], set(backends.UNARY))
        self.assertEqual(self.tables['_BINARY'] | {'div', 'pow'}, set(backends.BINARY))
        self.assertEqual(self.tables['_REDUCTIONS'] | {'prod'}, set(backends.REDUCTIONS))


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.model = self.write('m.onnx', RELU)
        # A torch that cannot be imported, whether or not one is installed.
        self.write('torch.py', b"raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n")

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(data)
        return path

    def run_program(self, *arguments):
        environment = {**os.environ, 'PYTHONPATH': self.folder}
        done = subprocess.run([sys.executable, PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, env=environment, check=False)
        return done.returncode, done.stdout, done.stderr

    def refuses(self, message, *arguments):
        status, out, error = self.run_program(*arguments)
        self.assertEqual((status, out), (1, ''))
        self.assertTrue(error.startswith('error: ') and error.count('\n') == 1, error)
        self.assertIn(message, error)
        self.assertFalse([name for name in os.listdir(self.folder) if '.csv' in name])

    def test_without_torch(self):
        self.refuses('PyTorch is not installed: pip install torch, or use allot-profile with ONNX Runtime\'s CUDA provider',
                     self.model, '--device=gpu0', '-o', os.path.join(self.folder, 'c.csv'))

    def test_lists_without_torch(self):
        status, out, error = self.run_program(self.model, '--list', '--dim=n=5')
        self.assertEqual((status, error), (0, ''))
        self.assertEqual(out.splitlines()[0], 'measured act (Relu) float32[5,3]')
        self.assertIn('1 nodes: 1 measured', out)

    def test_bad_arguments(self):
        self.refuses('--device=NAME and -o COSTS.csv are needed', self.model)
        self.refuses('--dim n: expected NAME=SIZE', self.model, '--list', '--dim=n')
        self.refuses('--repeats', self.model, '--list', '--repeats=0')
        self.refuses('--nonsense', self.model, '--list', '--nonsense')

    def test_bad_models(self):
        self.refuses('no such file', os.path.join(self.folder, 'none.onnx'), '--list')
        self.refuses('is empty', self.write('e.onnx', b''), '--list')
        self.refuses('is a directory', self.folder, '--list')
        pipe = os.path.join(self.folder, 'pipe.onnx')
        os.mkfifo(pipe)
        self.refuses('is not a regular file', pipe, '--list')
        self.refuses('is not a regular file', '/dev/zero', '--list')
        self.refuses('is not a regular file', self.model, '--list', '--inputs=' + pipe)
        self.refuses('not a readable ONNX model', self.write('t.onnx', b'version https://git-lfs'), '--list')

    def test_bad_rules(self):
        for text, message in ((b'{', 'r.json'), (b'[]', 'expected an object with "dims" and "inputs"'),
                              (b'{"dims": {"n": -1}}', 'dims: n: expected a size, not -1'),
                              (b'{"inputs": {"x": {"hgih": 1}}}', 'unknown key "hgih"'),
                              (b'{"inputs": {"x": {"values": []}}}', '"values": [] does not fit')):
            self.refuses(message, self.model, '--list', '--inputs', self.write('r.json', text))

    def test_rules_beside_the_model(self):
        self.write('m.inputs.json', b'{"dims": {"n": 4}}')
        self.assertIn('float32[4,3]', self.run_program(self.model, '--list')[1])
        self.assertIn('float32[6,3]', self.run_program(self.model, '--list', '--dim=n=6')[1])

    def test_rules_for_names_that_are_not_there(self):
        rules = self.write('r.json', b'{"dims": {"m": 4}, "inputs": {"xs": {"scale": 2}, "mask": {"value": 1}}}')
        status, _, error = self.run_program(self.model, '--list', '--dim=n=2', '--inputs', rules)
        self.assertEqual((status, error.splitlines()), (0, [
            f"warning: {rules}: the model has no input 'xs'; did you mean 'x'?",
            f"warning: {rules}: the model has no input 'mask' (there are x)",
            f"warning: {rules}: the model has no dimension 'm' (there are n)"]))


if __name__ == '__main__':
    unittest.main()
