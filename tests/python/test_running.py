"""Running the parts of plans in ONNX Runtime."""

import gc
import glob
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy
import onnxruntime

import allot
from allot.running import Runner
from models import two_branches, wide

PINS = {'left|relu': 'gpu0', 'right|tanh': 'gpu1', 'join|scaled': 'cpu0'}


def whole(model, inputs):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=['CPUExecutionProvider'])
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, inputs)))


class Running(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.model = two_branches()
        self.x = numpy.random.default_rng(5).standard_normal((1, 8)).astype(numpy.float32)
        self.plan = allot.load(self.model).plan('cpu-2gpu', pins=PINS)

    def assert_same(self, found, expected):
        self.assertEqual(list(found), list(expected))
        for name, value in expected.items():
            numpy.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-6)

    def test_gives_what_the_whole_model_gives(self):
        self.assertEqual(len(self.plan.parts), 3)
        self.assert_same(self.plan.run({'x': self.x}, on='cpu'), whole(self.model, {'x': self.x}))
        self.assert_same(self.plan.run({'x': self.x.tolist()}, on='cpu'), whole(self.model, {'x': self.x}))

    def test_takes_weights_that_may_be_overridden(self):
        inputs = {'x': self.x, 'scale': numpy.float32([3])}
        self.assert_same(self.plan.run(inputs, on='cpu'), whole(self.model, inputs))

    def test_runs_what_was_saved(self):
        self.plan.save(self.folder / 'out')
        self.assert_same(self.plan.run({'x': self.x}, on='cpu'), whole(self.model, {'x': self.x}))
        self.assert_same(Runner(self.folder / 'out', on='cpu').run({'x': self.x}), whole(self.model, {'x': self.x}))
        allot.load(self.model).plan('cpu-gpu').save(self.folder / 'out')
        with self.assertRaisesRegex(allot.RunError, 'something else was written there'):
            self.plan.run({'x': self.x}, on='cpu')
        self.plan.save(self.folder / 'out')
        self.assert_same(self.plan.run({'x': self.x}, on='cpu'), whole(self.model, {'x': self.x}))

    def test_leaves_nothing_behind(self):
        pattern = os.path.join(tempfile.gettempdir(), 'allot-*')
        before = set(glob.glob(pattern))
        self.plan.run({'x': self.x}, on='cpu')
        made = set(glob.glob(pattern)) - before
        self.assertTrue(made)
        self.plan = None
        gc.collect()
        self.assertFalse([folder for folder in made if os.path.exists(folder)])

    def test_runs_every_lane(self):
        model = wide()
        plan = allot.load(model).plan('homogeneous-8gpu', 'throughput')
        lanes = len(plan.to_json().get('lanes', [])) + 1
        self.assertGreater(lanes, 1, str(plan))
        inputs = {'x': numpy.random.default_rng(6).standard_normal((64, 256)).astype(numpy.float32)}
        expected = whole(model, inputs)
        for lane in range(lanes):
            self.assert_same(plan.run(inputs, on='cpu', lane=lane), expected)
        with self.assertRaisesRegex(allot.InvalidInput, f'lanes are 0 to {lanes - 1}'):
            plan.run(inputs, on='cpu', lane=lanes)

    def test_runs_cpus_by_the_hint_of_the_target(self):
        plan = allot.load(self.model).plan('host:cpus=1')
        self.assert_same(plan.run({'x': self.x}), whole(self.model, {'x': self.x}))

    def test_says_what_is_wrong_with_inputs(self):
        for inputs, said in (({}, "'x' is missing"), ({'x': self.x, 'scael': 1}, "did you mean 'scale'"),
                             ({'x': self.x.astype('float64')}, r"astype\('float32'\)"), ({'x': self.x[0]}, r'has shape \[8\]'),
                             ({'x': 'text'}, 'no array')):
            with self.subTest(said), self.assertRaisesRegex(allot.InvalidInput, said):
                self.plan.run(inputs, on='cpu')
        with self.assertRaisesRegex(allot.InvalidInput, "not 'cpu'"):
            self.plan.run({'x': self.x}, on='gpu')

    def test_says_which_provider_is_missing(self):
        if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
            self.skipTest('this ONNX Runtime has CUDA')
        with self.assertRaisesRegex(allot.RunError, 'provider cuda, which is not installed here'):
            self.plan.run({'x': self.x})
        target = allot.Target('odd').add_device('npu0', 'npu', memory='1GiB', flops='1T', memory_bandwidth='1GB/s')
        with self.assertRaisesRegex(allot.RunError, 'no runtime.provider'):
            allot.load(self.model).plan(target).run({'x': self.x})

    def test_says_that_onnxruntime_is_missing(self):
        code = ("import sys; sys.modules['onnxruntime'] = None\nimport allot\n"
                "try: allot.load(sys.argv[1]).plan('cpu-gpu').run({})\nexcept allot.RunError as error: print(error)")
        path = self.folder / 'm.onnx'
        path.write_bytes(self.model.SerializeToString())
        said = subprocess.run([sys.executable, '-c', code, str(path)], capture_output=True, text=True, check=True)
        self.assertIn("pip install onnxruntime", said.stdout)

    def test_refuses_damaged_folders(self):
        out = self.folder / 'out'
        self.plan.save(out)
        manifest = json.loads((out / 'manifest.json').read_text())
        elsewhere = json.loads((out / 'manifest.json').read_text())
        elsewhere['parts'][0]['file'] = '../m.onnx'
        for text, said in (('{', 'no JSON'), ('{}', 'version 1'), ('[]', 'version 1'), (json.dumps(elsewhere), 'not in the folder'),
                           (json.dumps({**manifest, 'parts': [{}]}), 'lacks some'),
                           (json.dumps({**manifest, 'devices': []}), 'no device')):
            (out / 'manifest.json').write_text(text)
            with self.subTest(said), self.assertRaisesRegex(allot.RunError, said):
                Runner(out, on='cpu')
        (out / 'manifest.json').write_text(json.dumps(manifest))
        part = out / manifest['parts'][0]['file']
        part.write_bytes(part.read_bytes()[:50])
        with self.assertRaisesRegex(allot.RunError, part.name):
            Runner(out, on='cpu').run({'x': self.x})
        with self.assertRaisesRegex(allot.RunError, 'there is no such file'):
            Runner(self.folder / 'none')


if __name__ == '__main__':
    unittest.main()
