"""Measuring a small model from end to end; needs ONNX Runtime."""

import importlib
import importlib.util
import json
import os
import pathlib
import re
import signal
import time
import unittest

from onnx_bytes import onnx_model
from programs import run, scratch_folder, start

from allot.profiling.costs_table import parse_costs

SCRATCH = scratch_folder('profile')
(SCRATCH / 'tmp').mkdir()
SIZE = 384
LAYERS = 'abcd'
NODES = [node for i, name in enumerate(LAYERS) for node in (
    dict(name=name, op='MatMul', inputs=[f'r{i}' if i else 'x', 'w'], outputs=[f'm{i}']),
    dict(name=f'{name}.relu', op='Relu', inputs=[f'm{i}'], outputs=[f'r{i + 1}']))]
CPU = {'provider': 'cpu', 'threads': 1}


def device(name, runtime, kind='cpu'):
    return {'name': name, 'kind': kind, 'memory': '1GiB', 'flops': {'default': '1T'}, 'memory_bandwidth': '10GB/s', 'runtime': runtime}


def write_target(*devices):
    (SCRATCH / 't.json').write_text(json.dumps({'schema': 'allot.target/1', 'name': 't', 'devices': devices}))


def profile(*arguments, model='m.onnx'):
    return run('profile', model, '--target=t.json', *arguments, cwd=SCRATCH, TMPDIR=str(SCRATCH / 'tmp'))


def providers():
    return importlib.import_module('onnxruntime').get_available_providers() if importlib.util.find_spec('onnxruntime') else []


@unittest.skipUnless(importlib.util.find_spec('onnxruntime'), 'onnxruntime is not installed')
class Profile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        (SCRATCH / 'm.onnx').write_bytes(onnx_model(
            nodes=[*NODES, dict(op='Neg', inputs=['r4'], outputs=['y']), dict(name='k', op='Mul', inputs=['w', 'w'], outputs=['unused'])],
            inputs=[('x', SIZE, SIZE)], outputs=[('y', SIZE, SIZE)], weights=[('w', SIZE, SIZE)]))

    def tearDown(self):
        self.assertEqual([name for name in os.listdir(SCRATCH / 'tmp') if name.startswith('allot')], [], 'a temporary folder is left')

    def test_rows_for_all_nodes_and_devices_that_are_here(self):
        write_target(device('one', CPU), device('two', CPU), device('far', {'provider': 'nowhere'}, 'gpu'))
        status, out, err = profile('--repeats=20', '--dim=seq=7', '-o', 'costs.csv', '--json')
        self.assertEqual(status, 0, err)
        self.assertIn('not measured: far: this ONNX Runtime lacks the provider nowhere (it has cpu', err)
        report, text = json.loads(out), (SCRATCH / 'costs.csv').read_text()
        rows = parse_costs(text, 'costs.csv')
        self.assertRegex(text, r'^# .*m\.onnx on target t, ')
        self.assertIn('\n# open dimensions: seq=7, all others 1\n', text)
        self.assertIn('\n# not measured: far: this ONNX Runtime lacks the provider nowhere', text)
        names = [*(node['name'] for node in NODES), 'Neg#8', 'k']
        [measured] = report['measured']
        self.assertEqual(measured['devices'], ['one', 'two'])
        for name in measured['devices']:
            here = [row for row in rows if row.what == 'op' and row.device == name]
            self.assertEqual([row.node for row in here], names)
            self.assertEqual(next(row.time_us for row in here if row.node == 'k'), 0)
            expected = measured['profiled_us'] * measured['scale']
            total = sum(row.time_us for row in here)
            self.assertGreater(total, 0)
            self.assertAlmostEqual(total, expected, delta=0.001 * len(here))
            # On a busy machine next to nothing may have taken longer than the model.
            if measured['whole_us'] > measured['fixed_us']:
                self.assertAlmostEqual(expected, measured['whole_us'] - measured['fixed_us'], delta=1e-6 * measured['whole_us'])
            else:
                self.assertEqual(measured['scale'], 1)
        self.assertEqual(measured['nodes'], {'measured': 9, 'fused': 0, 'folded': 1})
        self.assertEqual(measured['runs'], 20)
        self.assertEqual(measured['providers'], ['CPUExecutionProvider'])
        self.assertEqual([one['devices'] for one in report['absent']], [['far']])
        self.assertEqual([row.device for row in rows if row.what == 'launch'], ['one', 'two'])
        transfers = [(row.device, row.to, row.bytes) for row in rows if row.what == 'transfer']
        self.assertEqual(transfers, [(*pair, size) for pair in (('one', 'two'), ('two', 'one')) for size in ('4096', '65536', '1048576', '4194304')])
        self.assertTrue(all(row.time_us > 0 for row in rows if row.what != 'op'))

    def test_alike_devices_can_be_measured_one_by_one(self):
        write_target(device('one', CPU), device('two', CPU))
        status, out, err = profile('--repeats=1', '--each', '--opt=disabled')
        self.assertEqual(status, 0, err)
        self.assertRegex(out, r'^m\.onnx on t, level disabled: 10 nodes\n\n  device +whole model +spread +runs +kernels +measured +fused +folded\n')
        self.assertRegex(out, r'\n  one +[\d.]+ (us|ms) +[\d.]+ % +1 +10 +10 +0 +0\n  two ')
        self.assertRegex(out, r'\n  one to two +4096 +[\d.]+ us\n')

    @unittest.skipUnless('OpenVINOExecutionProvider' in providers(), 'onnxruntime-openvino is not installed')
    def test_a_provider_that_compiles_groups_of_nodes(self):
        write_target(device('ov', {'provider': 'openvino'}), device('one', CPU))
        status, out, err = profile('--repeats=20', '-o', 'ov.csv', '--json')
        self.assertEqual(status, 0, err)
        first, second = json.loads(out)['measured']
        self.assertEqual((first['devices'], first['divided_as'], first['providers']), (['ov'], 'one', ['OpenVINOExecutionProvider']))
        self.assertNotIn('divided_as', second)
        rows = parse_costs((SCRATCH / 'ov.csv').read_text(), 'ov.csv')
        total = sum(row.time_us for row in rows if (row.what, row.device) == ('op', 'ov'))
        self.assertAlmostEqual(total, max(0, first['whole_us'] - first['fixed_us']), delta=0.01)
        self.assertIn('divided among them as on one', (SCRATCH / 'ov.csv').read_text())
        write_target(device('ov', {'provider': 'openvino'}))
        status, _, err = profile('--repeats=1')
        self.assertEqual(status, 1)
        self.assertIn('its provider tells no times of nodes', err)

    def test_types_that_numpy_lacks(self):
        write_target(device('one', CPU))
        data = onnx_model(nodes=[dict(op='Identity', inputs=['x'], outputs=['y'])], inputs=[('x', 4)], outputs=[('y', 4)])
        # The element types of x and y: field 1, FLOAT, before the shape.
        (SCRATCH / 'narrow.onnx').write_bytes(re.sub(b'\x08\x01\x12', b'\x08\x10\x12', data))
        status, _, err = profile('--repeats=1', model='narrow.onnx')
        self.assertEqual(status, 0, err)
        (SCRATCH / 'narrow').mkdir()
        (SCRATCH / 'narrow/x.bin').write_bytes(bytes(8))
        (SCRATCH / 'narrow/index.json').write_text(json.dumps([{'name': 'x', 'type': 'bfloat16', 'dims': [4], 'file': 'x.bin'}]))
        status, _, err = profile('--repeats=1', '--inputs=narrow', model='narrow.onnx')
        self.assertEqual(status, 0, err)

    def test_a_signal_ends_all_and_leaves_nothing(self):
        write_target(device('one', CPU))
        for number in (signal.SIGINT, signal.SIGTERM):
            child = start('profile', 'm.onnx', '--target=t.json', '-o', 'none.csv', cwd=SCRATCH, TMPDIR=str(SCRATCH / 'tmp'))
            deadline = time.monotonic() + 120
            while not list((SCRATCH / 'tmp').glob('allot-*/operators-*/chain*.json')):  # the profile of the first measurement
                self.assertIsNone(child.poll())
                self.assertLess(time.monotonic(), deadline, 'it does not begin to measure')
                time.sleep(0.01)
            children = pathlib.Path(f'/proc/{child.pid}/task/{child.pid}/children').read_text().split()
            child.send_signal(number)
            out, err = child.communicate(timeout=120)
            self.assertEqual((child.returncode, out, err), (1, '', f'error: interrupted by {number.name}\n'))
            self.assertFalse((SCRATCH / 'none.csv').exists())
            self.assertTrue(children)
            self.assertFalse([pid for pid in children if os.path.exists(f'/proc/{pid}')], 'a worker is left')
            self.assertEqual(os.listdir(SCRATCH / 'tmp'), [])

    def test_what_cannot_be_measured_is_one_error_and_nothing_is_written(self):
        def refused(pattern, *arguments, model='m.onnx'):
            status, out, err = profile(*arguments, '-o', 'none.csv', model=model)
            self.assertEqual((status, out), (1, ''))
            self.assertRegex(err, f'^error: {pattern}[^\n]*\n$')
            self.assertFalse((SCRATCH / 'none.csv').exists())

        write_target(device('far', {'provider': 'nowhere'}, 'gpu'))
        refused('no device of target t can be measured here: this ONNX Runtime lacks')
        write_target(device('one', CPU))
        refused(r'none\.onnx: there is no such file', model='none.onnx')
        refused('more than one model given; usage: allot profile MODEL', 'other.onnx')
        refused('--repeats=0: expected an integer of at least 1', '--repeats=0')
        refused('--opt=most: expected one of disabled, basic, extended, all', '--opt=most')
        (SCRATCH / 'bad.onnx').write_bytes(onnx_model(nodes=[dict(op='Nonsense', inputs=['x'], outputs=['y'])], inputs=[('x', 4)], outputs=[('y', 4)]))
        refused(r'device one: load .*bad\.onnx: .*Nonsense', model='bad.onnx')
        refused(r"given: .*index\.json|.*given.*", '--inputs=given')
        status, _, err = profile('-o', 'nowhere/costs.csv')
        self.assertEqual(status, 1)
        self.assertRegex(err, r'^error: cannot write nowhere/costs\.csv: ')


if __name__ == '__main__':
    unittest.main()
