"""Placed models in ONNX Runtime: equal to the whole model, measured completely, in every mode."""

import math
import os
import unittest

from onnx_bytes import onnx_model
from placed_models import ON_LINUX, Run, RunTest, edit, make_models, place, read

from allot.running.manifest import DeviceHint, Manifest, Signature
from allot.running.run_devices import RunDevice
from allot.running.runtime import available_providers, load_runtime
from allot.running.tolerance import default_tolerance

SCRATCH, MODELS = make_models('real')
COPIES = 'infer-shapes,estimate-cost,coarsen,place-copies,schedule,explain'


class RealRuns(RunTest):
    scratch = SCRATCH

    @classmethod
    def setUpClass(cls):
        cls.branches = place(SCRATCH, MODELS['branches'], 'throughput')

    def check_numbers(self, value, at, may_be_null):
        """Every number is one; only what is named may be null."""
        if value is None:
            self.assertIn(at, may_be_null)
        elif isinstance(value, (int, float)):
            self.assertTrue(math.isfinite(value) and (value >= 0 or at.endswith('error')), f'{at} is {value}')
        elif isinstance(value, dict):
            for key, inner in value.items():
                self.check_numbers(inner, f'{at}.{key}', may_be_null)
        elif isinstance(value, list):
            for inner in value:
                self.check_numbers(inner, at, may_be_null)

    def test_parts_equal_the_whole(self):
        for name, model in MODELS.items():
            for objective in ('latency', 'throughput'):
                with self.subTest(model=name, objective=objective):
                    manifest = place(SCRATCH, model, objective)
                    self.assertGreater(len(read(manifest)['parts']), 1, 'the rules did not cut the model')
                    sizes = ('--default-dim=3', '--samples=6', '--check')
                    exact = self.json(manifest, *sizes, '--opt=disabled')
                    self.assertEqual(exact['mode'], 'latency' if objective == 'latency' else 'pipeline')
                    self.assertEqual((exact['check']['tolerance'], exact['check']['worst']), (0, 0))
                    # The warm-up is compared, too, and in a pipeline what keeps it busy behind the measured samples.
                    self.assertEqual(exact['check']['compared'],
                                     exact['samples'] + exact['warmup'] + (0 if objective == 'latency' else exact['in_flight']))
                    # What is dequantised is rounded elsewhere where a runtime fuses it with its users.
                    tolerance = {'quantized': 0.5, 'constant_work': 0.05}.get(name, 1e-4)
                    fused = self.json(manifest, *sizes, f'--tolerance={tolerance}')
                    self.assertLessEqual(fused['check']['worst'], tolerance)

    def test_a_thousand_samples_sixteen_at_once(self):
        report = self.json(self.branches, '--samples=1000', '--in-flight=16', '--distinct=7', '--check', '--opt=disabled', '--dim=batch=1')
        self.assertEqual((report['samples'], report['in_flight'], report['check']['compared']), (1000, 16, 1000 + 16 + 16))

    def test_the_report_is_complete_and_adds_up(self):
        manifest = read(self.branches)
        for mode in ('latency', 'pipeline'):
            report = self.json(self.branches, f'--mode={mode}', '--samples=25', '--warmup=2')
            nothing = [] if mode == 'pipeline' else ['report.predicted_us', 'report.error']
            self.check_numbers(report, 'report', ['report.check', *nothing])
            self.assertEqual(list(report), [
                'schema', 'manifest', 'mode', 'level', 'samples', 'warmup', 'in_flight', 'predicted_us', 'measured_us', 'error', 'noise',
                'period_us', 'period_median_us', 'throughput_per_s', 'latency_us', 'devices', 'parts', 'check'])
            self.assertEqual([report[key] for key in ('schema', 'manifest', 'mode', 'level', 'samples')],
                             ['allot.run/1', 'manifest.json', mode, 'all', 25])
            self.assertEqual(report['in_flight'] > 1, mode == 'pipeline')
            self.assertEqual([(device['id'], device['provider']) for device in report['devices']], [('left', 'cpu'), ('right', 'cpu')])
            self.assertEqual([(part['id'], part['device']) for part in report['parts']],
                             [(part['id'], part['device']) for part in manifest['parts']])
            for part, planned in zip(report['parts'], manifest['parts']):
                self.assertTrue(part['measured_us'] >= part['compute_us'] > 0, part)
                self.assertAlmostEqual(part['predicted_us'], planned['end_us'] - planned['start_us'], places=6)
            times = report['latency_us']
            self.assertTrue(0 < times['median'] <= times['p90'] <= times['p99'] <= times['max'])
            self.assertAlmostEqual(report['throughput_per_s'] * report['period_us'] / 1e6, 1)
            self.assertEqual(report['measured_us'], report['period_median_us'] if mode == 'pipeline' else times['median'])
            for device in report['devices']:
                self.assertTrue(0 < device['utilisation'] <= 1 + 1e-9, device)
            if mode == 'pipeline':
                self.assertEqual(report['predicted_us'], manifest['predicted']['value_us'])
                self.assertAlmostEqual(report['error'], (report['predicted_us'] - report['measured_us']) / report['measured_us'])

    def test_the_text_report_names_devices_and_parts(self):
        text = self.succeeds(self.branches, '--samples=5', '--check', '--opt=disabled')
        self.assertRegex(text, r'\Apipeline, 5 samples: [\d.]+ (us|ms|s) per sample, predicted [\d.]+ (us|ms|s) \([+-][\d.]+ %\)\n')
        self.assertRegex(text, r'\n  throughput: [\d.]+ per second, \d+ samples in flight\n')
        self.assertRegex(text, r'\n  left +cpu ')
        self.assertRegex(text, r'\n  p0 +(left|right) ')
        self.assertRegex(text, r"\n  all outputs of \d+ samples equal the whole model's \(bit for bit\)\n\Z")
        self.assertNotRegex(text, r'nan|None|null|inf\b')

    def test_the_whole_model_on_one_device(self):
        report = self.json(self.branches, '--whole=right', '--mode=latency', '--samples=4', '--check', '--opt=disabled')
        self.assertEqual((report['whole'], len(report['parts']), [device['id'] for device in report['devices']], report['predicted_us']),
                         ('right', 1, ['right'], None))
        self.check_numbers(report, 'report', ['report.predicted_us', 'report.error'])
        self.assertRegex(self.succeeds(self.branches, '--whole=left', '--samples=3'), r'\Athe whole model on left, pipeline, 3 samples: ')

    def test_one_sample(self):
        for mode in ('latency', 'pipeline'):
            report = self.json(self.branches, f'--mode={mode}', '--samples=1', '--warmup=0')
            self.check_numbers(report, 'report', ['report.check', 'report.predicted_us', 'report.error'])
            self.assertEqual(report['samples'], 1)

    def test_the_measured_schedule(self):
        file, parts = SCRATCH / 'measured.trace.json', read(self.branches)['parts']
        self.succeeds(self.branches, '--samples=120', f'--trace={file}')
        events = read(file)['traceEvents']
        slices = [event for event in events if event['ph'] == 'X' and event['cat'] == 'part']
        self.assertEqual(len(slices), 100 * len(parts))
        for pid in {event['pid'] for event in slices}:
            row = sorted((event for event in slices if event['pid'] == pid), key=lambda event: event['ts'])
            for before, after in zip(row, row[1:]):
                self.assertGreaterEqual(after['ts'], before['ts'] + before['dur'] - 0.011)
            # What reads and writes lies within a part.
            for inner in events:
                if inner['ph'] == 'X' and inner['cat'] == 'transfer' and inner['pid'] == pid:
                    self.assertTrue(any(inner['ts'] >= event['ts'] - 0.011 and
                                        inner['ts'] + inner['dur'] <= event['ts'] + event['dur'] + 0.011 for event in row), inner)
        begins, ends = ([event for event in events if event['ph'] == phase] for phase in 'sf')
        self.assertTrue(begins and len(begins) == len(ends))
        end_of = {event['id']: event for event in ends}
        for event in begins:
            self.assertTrue(end_of[event['id']]['ts'] >= event['ts'] and end_of[event['id']]['pid'] != event['pid'])
        self.assertTrue(all(event['ph'] == 'M' or event['ts'] >= 0 for event in events))

    def test_copies_of_a_model_take_turns(self):
        manifest = place(SCRATCH, MODELS['branches'], 'throughput', rules=False, pipeline=COPIES)
        said = read(manifest)
        self.assertEqual((len(said['parts']), len(said['lanes']), said['lanes'][0]['parts'][0]['file']), (1, 1, said['parts'][0]['file']))
        report = self.json(manifest, '--samples=25', '--check', '--opt=disabled')
        # Whole cycles are measured.
        self.assertEqual((report['samples'], report['check']['worst'], report['predicted_us']), (26, 0, said['predicted']['value_us']))
        self.assertEqual([(lane['share'], lane['samples'], lane['parts']) for lane in report['lanes']], [(1, 13, ['p0']), (1, 13, ['p1'])])
        self.assertEqual([(part['id'], part['device'], part['lane']) for part in report['parts']], [('p0', 'left', 0), ('p1', 'right', 1)])
        self.check_numbers(report, 'report', [])
        self.assertRegex(self.succeeds(manifest, '--samples=4'), r'\n  lane  share +samples  parts +latency\n  0 +1 +2 +p0 .*\n  1 +1 +2 +p1 ')
        # One inference has nobody to take turns with.
        one = self.json(manifest, '--mode=latency', '--samples=4', '--check', '--opt=disabled')
        self.assertEqual((one.get('lanes'), [part['id'] for part in one['parts']], one['samples']), (None, ['p0'], 4))
        self.assertNotIn('lanes', self.json(manifest, '--whole=right', '--samples=3'))

    def test_a_pipeline_and_its_mirror_image_take_turns_and_share_what_is_the_same(self):
        manifest, file = place(SCRATCH, MODELS['branches'], 'throughput'), SCRATCH / 'lanes.trace.json'

        def mirror(content):
            content['share'] = 2
            content['lanes'] = [{'share': 1, 'parts': [
                {**part, 'id': part['id'] + 'm', 'device': 'right' if part['device'] == 'left' else 'left'} for part in content['parts']]}]

        edit(manifest, mirror)
        report = self.json(manifest, '--samples=30', '--distinct=5', '--check', '--opt=disabled', f'--trace={file}', '--report')
        self.assertEqual((report['check']['worst'], report['samples']), (0, 30))
        self.assertEqual([lane['samples'] for lane in report['lanes']], [20, 10])
        slices = [event for event in read(file)['traceEvents'] if event['ph'] == 'X' and event['cat'] == 'part']
        self.assertEqual(len(slices), 30 * len(read(manifest)['parts']))
        self.assertEqual(sorted({event['args']['lane'] for event in slices}), [0, 1])
        for event in slices:
            self.assertEqual(event['name'].endswith('m'), event['args']['lane'] == 1)

    def test_the_annotated_model(self):
        report, plan = self.json(self.branches, '--annotated'), read(self.branches.parent / 'plan.json')
        self.assertEqual(report['nodes'], [{'name': node['name'], 'device': node['device'], 'provider': 'CPUExecutionProvider'}
                                           for node in plan['nodes']])
        self.assertEqual(sum(row['nodes'] for row in report['devices']), len(plan['nodes']))
        self.assertEqual(report['missing_providers'], [])
        self.assertRegex(self.succeeds(self.branches, '--annotated'), r'\n  left +CPUExecutionProvider +\d+\n')

    def test_nodes_without_a_name_are_found_in_the_annotated_model(self):
        unnamed = SCRATCH / 'unnamed.onnx'
        unnamed.write_bytes(onnx_model(
            nodes=[{'op': 'Constant', 'inputs': [], 'outputs': ['k'], 'value': 2}, {'op': 'Relu', 'inputs': ['x'], 'outputs': ['a']},
                   {'op': 'Constant', 'inputs': [], 'outputs': ['l'], 'value': 3}, {'op': 'Mul', 'inputs': ['a', 'k'], 'outputs': ['b']},
                   {'op': 'Add', 'name': 'sum', 'inputs': ['b', 'l'], 'outputs': ['y']}],
            inputs=[('x', 4)], outputs=[('y', 4)]))
        report = self.json(place(SCRATCH, unnamed), '--annotated')
        self.assertEqual([(node['name'], node['provider']) for node in report['nodes']],
                         [(name, 'CPUExecutionProvider') for name in ('Relu#1', 'Mul#3', 'sum')])

    @ON_LINUX
    def test_workers_are_pinned_to_the_cores_of_their_devices(self):
        core = min(os.sched_getaffinity(0))
        pinned = place(SCRATCH, MODELS['branches'])

        def pin(content):
            for device in content['devices']:
                device['runtime']['cores'] = str(core)

        edit(pinned, pin)
        run = Run(SCRATCH, pinned, '--samples=100000000')
        for pid in run.streaming():
            self.assertEqual(os.sched_getaffinity(pid), {core})
        run.process.terminate()
        self.fails(run, 'interrupted by SIGTERM')
        report = self.json(pinned, '--samples=2')
        self.assertEqual([device['cores'] for device in report['devices']], [str(core), str(core)])
        edit(pinned, lambda content: content['devices'][0]['runtime'].update(cores='4095'))
        self.fails(self.run_(pinned, '--samples=2'), r'^error: device left: it cannot be pinned to cores 4095 \(.*\); this process may use ')

    def test_other_providers_that_are_here(self):
        others = [name for name in available_providers(load_runtime()) if name not in ('cpu', 'azure')]
        if not others:
            self.skipTest('ONNX Runtime has the CPU provider only')
        for provider in others:
            for name in ('branches', 'tied_embedding', 'quantized'):
                with self.subTest(provider=provider, model=name):
                    manifest = place(SCRATCH, MODELS[name], provider=lambda device: 'cpu' if device == 'left' else provider)
                    report = self.json(manifest, '--samples=6', '--default-dim=3', '--check')
                    self.assertEqual([device['provider'] for device in report['devices']], ['cpu', provider])

    def test_what_check_allows(self):
        cpu, gpu = (RunDevice(DeviceHint('d', provider)) for provider in ('cpu', 'cuda'))

        def tolerance(dtype, devices, level):
            signature = {'x': Signature(dtype, None)} if dtype else {}
            return default_tolerance(Manifest('m', '.', (), (), {}, (), signature), devices, level)

        self.assertEqual(tolerance('float32', [cpu], 'disabled'), 0)
        self.assertEqual(tolerance('float32', [cpu], 'all'), 1e-4)
        self.assertEqual(tolerance('float16', [cpu], 'disabled'), 1e-2)
        self.assertEqual(tolerance('bfloat16', [cpu], 'disabled'), 1e-2)
        self.assertEqual(tolerance(None, [cpu, gpu], 'disabled'), 1e-2)


if __name__ == '__main__':
    unittest.main()
