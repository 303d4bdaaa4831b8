"""Loading, planning, and what a plan says."""

import concurrent.futures
import gc
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import warnings

import onnx

import allot
from allot.library import library
from models import two_branches

PINS = {'left|relu': 'gpu0', 'right|tanh': 'gpu1', 'join|scaled': 'cpu0'}


class Loading(unittest.TestCase):
    def test_takes_paths_bytes_and_models_in_memory(self):
        model = two_branches()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'm.onnx'
            onnx.save(model, path)
            loaded = [allot.load(path), allot.load(str(path)), allot.load(path.read_bytes()), allot.load(model, name='m.onnx')]
        self.assertEqual([one.num_nodes for one in loaded], [6] * 4)
        self.assertEqual(len({one.plan('cpu-gpu').value_ps for one in loaded}), 1)
        self.assertEqual(repr(loaded[0]), '<allot.Model m.onnx: 6 nodes>')

    def test_says_what_is_wrong_as_the_library_does(self):
        for model, said in (('no/such.onnx', 'no/such.onnx'), (b'not a model', 'model.onnx'), (3, 'int is none of')):
            with self.assertRaisesRegex(allot.InvalidInput, said) as caught:
                allot.load(model)
            self.assertIsInstance(caught.exception, ValueError)
        with self.assertRaisesRegex(allot.InvalidInput, 'zero byte'):
            allot.load('a\0b')

    def test_fixes_inputs_for_ever(self):
        model = allot.load(two_branches(), fixed={'scale': 2})
        self.assertEqual(list(model.plan('cpu-gpu').inputs), ['x'])
        with self.assertRaisesRegex(allot.InvalidInput, 'scael'):
            allot.load(two_branches(), fixed={'scael': 2})

    def test_takes_no_shape_that_is_unknown_if_told_so(self):
        model = two_branches()
        model.graph.node[0].domain, model.graph.node[0].op_type = 'my.own', 'Unknown'
        model.opset_import.add(domain='my.own', version=1)
        self.assertEqual(allot.load(model).num_nodes, 6)
        with self.assertRaisesRegex(allot.InvalidInput, 'Unknown'):
            allot.load(model, strict_shapes=True)

    def test_warns_of_what_the_library_warns_of(self):
        model = two_branches()
        model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 3
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter('always')
            loaded = allot.load(model)
            plan = loaded.plan('cpu-gpu')
        said = [str(warning.message) for warning in seen]
        self.assertTrue(said, loaded.diagnostics)
        self.assertTrue(all(warning.category is allot.AllotWarning for warning in seen))
        self.assertTrue(all(warning.filename == __file__ for warning in seen), [warning.filename for warning in seen])
        self.assertTrue(set(said) <= set(loaded.diagnostics + plan.diagnostics))


class Plugins(unittest.TestCase):
    PLUGINS = pathlib.Path(os.environ.get('ALLOT_LIBRARY', '/none')).parents[3] / 'tests' / 'plugins'

    def setUp(self):
        if not self.PLUGINS.is_dir():
            self.skipTest('the plug-ins of the unit tests are not built')

    def test_cost_models_in_c_are_loaded(self):
        model = allot.load(two_branches(), plugins=self.PLUGINS / 'says_what_it_is_told.so')
        self.assertGreater(model.plan('cpu-gpu', cost_model='told{time=10000000}').value_ps, model.plan('cpu-gpu').value_ps)

    def test_those_in_cpp_are_refused(self):
        with self.assertRaisesRegex(allot.InvalidInput, 'every_door.so: cannot be loaded'):
            allot.load(two_branches(), plugins=[self.PLUGINS / 'every_door.so'])


class Planning(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = allot.load(two_branches(batch='batch'), name='two.onnx')
        cls.plan = cls.model.plan('cpu-2gpu', dims={'batch': 4}, pins=PINS)

    def test_says_what_the_plan_is_worth(self):
        plan = self.plan
        self.assertEqual(plan.objective, 'latency')
        self.assertEqual(plan.value, plan.value_ps / 1e12)
        self.assertTrue(0 < plan.bound <= plan.value < 1)
        self.assertEqual(plan.gap, (plan.value_ps - plan.bound_ps) / plan.value_ps)
        self.assertEqual(plan.value_ps, plan.parts[-1].end_ps)
        document = plan.to_json()
        self.assertAlmostEqual(document['predicted']['value_us'] / 1e6, plan.value)
        self.assertEqual((document['predicted']['solver'], document['predicted']['bound'], document['pipeline']),
                         (plan.solver, plan.bound_name, plan.pass_pipeline))

    def test_says_what_is_where(self):
        plan = self.plan
        self.assertEqual({node.name: node.device for node in plan.nodes},
                         {'left': 'gpu0', 'relu': 'gpu0', 'right': 'gpu1', 'tanh': 'gpu1', 'join': 'cpu0', 'scaled': 'cpu0'})
        self.assertEqual({part.device: (part.nodes, part.bytes) for part in plan.parts},
                         {'gpu0': (('left', 'relu'), 512), 'gpu1': (('right', 'tanh'), 512), 'cpu0': (('join', 'scaled'), 4)})
        self.assertEqual([part.index for part in plan.parts], [0, 1, 2])
        for part in plan.parts:
            self.assertTrue(0 <= part.start < part.end <= plan.value)
        self.assertEqual({(move.tensor, move.source, move.destination, move.bytes) for move in plan.transfers},
                         {('ra', 'gpu0', 'cpu0', 4 * 16 * 4), ('tb', 'gpu1', 'cpu0', 4 * 16 * 4)})
        cpu, gpu, _ = plan.devices
        self.assertEqual((cpu.name, cpu.kind, gpu.name, gpu.kind), ('cpu0', 'cpu', 'gpu0', 'gpu'))
        self.assertEqual((gpu.weight_bytes, gpu.memory), (512, 39 << 30))
        self.assertEqual(gpu.load, gpu.busy_ps / plan.value_ps)
        self.assertGreater(gpu.peak_bytes, gpu.weight_bytes)
        self.assertEqual(plan.inputs, {'x': allot.Tensor('float32', ('batch', 8))})
        self.assertEqual(list(plan.outputs), ['y'])
        with self.assertRaises(AttributeError):
            cpu.load = 1.0

    def test_explains(self):
        self.assertIn('pin', self.plan.explain('left'))
        with self.assertRaisesRegex(allot.InvalidInput, "did you mean 'relu'"):
            self.plan.explain('rellu')

    def test_plans_differ_by_what_is_asked(self):
        more = self.model.plan('cpu-2gpu', dims={'batch': 4000000}, pins=PINS)
        self.assertGreater(more.value_ps, self.plan.value_ps)
        self.assertEqual(self.model.plan('cpu-2gpu', default_dim=4, pins=list(PINS.items())).value_ps, self.plan.value_ps)
        self.assertEqual(self.model.plan('cpu-2gpu', together='.*', max_parts=1).parts[0].nodes,
                         tuple(node.name for node in self.plan.nodes))
        self.assertNotIn('gpu0', {node.device for node in self.model.plan('cpu-2gpu', forbids={'.*': 'gpu0'}).nodes})
        stream = self.model.plan('cpu-2gpu', 'throughput')
        self.assertEqual(stream.objective, 'throughput')
        self.assertLess(stream.value_ps, self.plan.value_ps)

    def test_refuses_options_as_the_library_does(self):
        for options, said in (({'objective': 'fast'}, "'fast' is none of latency, throughput"), ({'target': 'cpu-gpo'}, 'cpu-gpu'),
                              ({'pins': {'left': 'gpu9'}, 'target': 'cpu-gpu'}, 'gpu9'), ({'pins': ['left=gpu0']}, 'is no pair'),
                              ({'threads': 0}, 'from 1 to 256'), ({'dims': {'batch': 0}, 'target': 'cpu-gpu'}, 'batch')):
            with self.subTest(options), self.assertRaisesRegex(allot.InvalidInput, said):
                self.model.plan(**options)

    def test_knows_glpk_where_it_is_built_with_it(self):
        if library().has_milp:
            self.assertGreater(self.model.plan('cpu-gpu', solver='milp').value_ps, 0)
        else:
            with self.assertRaisesRegex(allot.InvalidInput, "no solver 'milp'"):
                self.model.plan('cpu-gpu', solver='milp')

    def test_shows_its_report(self):
        page = self.plan.report()
        self.assertTrue(page.startswith('<!doctype html>'), page[:40])
        shown = self.plan._repr_html_()
        self.assertTrue(shown.startswith('<iframe ') and shown.endswith('></iframe>'))
        self.assertNotIn('<script', shown)  # all of the page is in an attribute
        self.assertIn('allow-scripts', shown)
        self.assertIn('gpu0', str(self.plan))

    def test_saves_whole_folders(self):
        with tempfile.TemporaryDirectory() as above:
            folder = pathlib.Path(above) / 'out'
            self.plan.save(folder)
            self.assertEqual(json.loads((folder / 'plan.json').read_text()), {**self.plan.to_json(), 'made_from': json.loads(
                (folder / 'plan.json').read_text())['made_from']})
            self.assertEqual(self.model.plan('cpu-2gpu', dims={'batch': 4}, pins=PINS, start=folder).value_ps, self.plan.value_ps)
            other = pathlib.Path(above) / 'other'
            other.mkdir()
            (other / 'model.dot').write_text('mine')
            with self.assertRaisesRegex(allot.InvalidInput, 'model.dot'):
                self.plan.save(other, emit='dot')
            self.assertEqual(os.listdir(other), ['model.dot'])
            self.plan.save(other, emit=['dot', 'plan'], force=True)
            self.assertIn('digraph', (other / 'model.dot').read_text())
            with self.assertRaisesRegex(allot.InvalidInput, 'dto'):
                self.plan.save(other, emit='dto')

    def test_plans_alike_on_threads(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            plans = list(pool.map(lambda _: self.model.plan('cpu-2gpu', dims={'batch': 4}).to_json(), range(8)))
        self.assertTrue(all(plan == plans[0] for plan in plans))

    def test_frees_what_it_has(self):
        plan = self.model.plan('cpu-2gpu')
        handle, number = plan._handle.value, library().number
        self.assertGreater(number('plan_num_nodes', handle), 0)
        del plan
        gc.collect()
        self.assertEqual(number('plan_num_nodes', handle), -1)


class Importing(unittest.TestCase):
    def test_loads_nothing_before_it_is_needed(self):
        code = "import sys, allot; assert not {'numpy', 'onnx', 'onnxruntime'} & set(sys.modules); print(allot.__version__)"
        said = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
        self.assertRegex(said.stdout, r'^\d+\.\d+\.\d+\n$')

    def test_says_where_a_library_is_wrong(self):
        for path in ('/no/such/liballot.so', 'libc.so.6'):
            code = ('import allot\ntry: allot.Target.builtin_names()\n'
                    'except allot.InternalError as error: print(error)')
            said = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True,
                                  env={**os.environ, 'ALLOT_LIBRARY': path})
            self.assertIn(path, said.stdout)


if __name__ == '__main__':
    unittest.main()
