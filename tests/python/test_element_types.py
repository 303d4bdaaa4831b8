"""Tensors of types that numpy lacks, between parts and at the border of the model."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy
import onnx
from onnx import TensorProto, helper

import allot
from test_steps import PROGRAM, two_cpus

# ONNX Runtime's CPU provider casts to and from these.
TYPES = {'bfloat16': TensorProto.BFLOAT16, 'float8e4m3fn': TensorProto.FLOAT8E4M3FN, 'float8e5m2': TensorProto.FLOAT8E5M2,
         'int4': TensorProto.INT4, 'uint4': TensorProto.UINT4, 'float16': TensorProto.FLOAT16}


def casts(kind, border=False):
    """Relu(x x), which is of the type `kind` on its way; with `border` the model's own input and output are of that type."""
    before = [] if border else [helper.make_node('Mul', ['x', 'x'], ['square'], name='square'),
                                helper.make_node('Cast', ['square'], ['small'], name='narrow', to=kind)]
    nodes = [*before, helper.make_node('Cast', ['x' if border else 'small'], ['wide'], name='widen', to=TensorProto.FLOAT),
             helper.make_node('Relu', ['wide'], ['y' if not border else 'inner'], name='relu')]
    if border:
        nodes.append(helper.make_node('Cast', ['inner'], ['y'], name='narrow', to=kind))
    outer = kind if border else TensorProto.FLOAT
    graph = helper.make_graph(nodes, 'casts', [helper.make_tensor_value_info('x', outer, [3, 5])],
                              [helper.make_tensor_value_info('y', outer, [3, 5])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 21)], ir_version=10)


class ElementTypes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def place(self, model):
        onnx.save(model, str(self.folder / 'model.onnx'))
        plan = allot.load(self.folder / 'model.onnx').plan(two_cpus(), pins={'square|narrow': 'left', 'widen|relu': 'right'})
        plan.save(self.folder / 'out')
        return plan, self.folder / 'out' / 'manifest.json'

    def test_pass_between_parts(self):
        for name, kind in TYPES.items():
            for border, level in ((False, 'all'), (True, 'disabled')):
                with self.subTest(name, border=border):
                    plan, manifest = self.place(casts(kind, border))
                    self.assertEqual({part.device for part in plan.parts}, {'left', 'right'})
                    said = subprocess.run([sys.executable, '-c', PROGRAM, str(manifest), '--check', '--samples=10', f'--opt={level}',
                                           '--tolerance=0'], capture_output=True, text=True)
                    self.assertEqual((said.returncode, said.stderr), (0, ''))
                    self.assertIn("equal the whole model's (bit for bit)", said.stdout)

    def test_pass_in_one_process(self):
        x = numpy.float32([[0, 0.5, 1, 1.25, 2]] * 3)
        for name, kind in TYPES.items():
            with self.subTest(name):
                found = self.place(casts(kind))[0].run({'x': x})['y']
                whole = numpy.round(x * x) if 'int4' in name else x * x
                self.assertTrue((abs(found - whole) <= 0.13 * (1 + whole)).all(), found)
        plan, _ = self.place(casts(TensorProto.BFLOAT16, border=True))
        with self.assertRaisesRegex(allot.AllotError, 'bfloat16|is no array'):
            plan.run({'x': x})


if __name__ == '__main__':
    unittest.main()
