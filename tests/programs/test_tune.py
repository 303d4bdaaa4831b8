"""`allot tune` from end to end on small models: the loop ends, what it keeps was measured and runs, bad requests are refused."""

import importlib.util
import json
import math
import os
import pathlib
import shutil
import subprocess
import unittest

from programs import ALLOT, run, scratch_folder

if not importlib.util.find_spec('numpy'):
    raise unittest.SkipTest('numpy is not installed')

from allot.errors import InvalidInput
from allot.running.manifest import DeviceHint, Lane, Manifest, PartFile
from allot.tuning.plan_kinds import COPIES_PIPELINE, kind_of, with_together
from allot.tuning.tuned_folder import check_tuned_folder
from allot.tuning.tuning_report import tuning_text

HAS_RUNTIME = importlib.util.find_spec('onnxruntime') is not None
MAKE_MODELS = os.environ.get('ALLOT_MAKE_E2E_MODELS') or str(pathlib.Path(ALLOT).parent / 'make-e2e-models')
SCRATCH = scratch_folder('tune')
TARGET = SCRATCH / 'two.target.json'


def cpu(name, **more):
    return {'name': name, 'kind': 'cpu', 'memory': '1GiB', 'flops': {'default': '60G'}, 'memory_bandwidth': '10GB/s', 'part_cost_us': 100,
            'copies': True, 'runtime': {'provider': 'cpu', 'threads': 1}, **more}


FAR = cpu('far', kind='gpu', runtime={'provider': 'nowhere'})


def write(*devices):
    TARGET.write_text(json.dumps({
        'schema': 'allot.target/1', 'name': 'two', 'devices': devices, 'topology': {
            'switches': ['memory'], 'links': [{'from': one['name'], 'to': 'memory', 'bandwidth': '4GB/s', 'latency_us': 20} for one in devices]}}))


def model(name):
    return str(SCRATCH / 'models' / f'{name}.onnx')


def tune(name, objective, out, *more):
    return run('tune', model(name), f'--target={TARGET}', f'--objective={objective}', '-o', out, '--json', '--seconds=0.2', '--rounds=2', *more,
               cwd=SCRATCH)


@unittest.skipUnless(HAS_RUNTIME, 'onnxruntime is not installed')
class Tune(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        (SCRATCH / 'models').mkdir()
        subprocess.run([MAKE_MODELS, str(SCRATCH / 'models')], check=True, stdout=subprocess.DEVNULL)

    def keeps_a_plan_that_was_measured_and_that_runs(self, name, objective):
        write(cpu('left'), cpu('right'))
        out = SCRATCH / f'{name}-{objective}'
        status, stdout, stderr = tune(name, objective, out, '--dim', 'batch=2')
        self.assertEqual(status, 0, stderr)
        report = json.loads(stdout)
        self.assertEqual(report, json.loads((out / 'tuning.json').read_text()))
        self.assertIn(len([one for one in report['rounds'] if one['round'] != 'copies']), (1, 2))
        # Both devices can hold the model: it has been copied, by a round or for comparison. Two parts of two lanes.
        if objective == 'throughput':
            self.assertTrue(any(one['parts'] == 2 for one in report['rounds']), report['rounds'])
        for one in report['rounds']:
            self.assertGreater(min(one['predicted_us'], one['measured_us']), 0)
            self.assertAlmostEqual(one['error'], (one['predicted_us'] - one['measured_us']) / one['measured_us'], 9)
        self.assertEqual(len(report['single']), 1)  # the devices are alike
        # What is kept is never slower than one device, or than copies; one session on both is there to compare with.
        single, together, copies, split = (report[f'{kind}_us'] for kind in ('single', 'together', 'copies', 'split'))
        self.assertEqual(report['measured_us'], min(time for time in (single, copies, split) if time is not None))
        self.assertTrue(report['gain'] >= 1 and together > 0 and (objective == 'latency') == (copies is None))
        self.assertEqual(report['splitting_pays'], split is not None and split < min(single, together, math.inf if copies is None else copies))
        self.assertEqual([one['measured_us'] for one in report['compared']], [time for time in (single, together, copies, split) if time is not None])
        if objective == 'throughput':
            self.assertIn('two whole copies', [one['name'] for one in report['compared']])
        self.assertRegex(tuning_text(report), r'\nkept: .*\n(faster, but .*\n)*splitting (pays|does not pay): .*\n(noisy: .*\n)?(the next is .*\n)?predicted .* off\n$')
        self.assertNotRegex(tuning_text(report), r'\b(nan|None|inf)\b')
        manifest = json.loads((out / 'manifest.json').read_text())
        lanes = [manifest, *manifest.get('lanes', ())]
        self.assertEqual(sum(len(lane['parts']) for lane in lanes), report['chosen']['parts'])
        self.assertEqual(manifest['dims'], {'batch': 2})
        self.assertEqual(manifest['predicted']['value_us'], report['predicted_us'])
        status, _, stderr = run('run', out / 'manifest.json', '--check', '--opt=disabled', '--samples=5', '--json', cwd=SCRATCH)
        self.assertEqual(status, 0, stderr)
        # The same costs give the same plan.
        again = SCRATCH / f'{name}-again'
        more = [f'--pin=.*={report["chosen"]["device"]}'] if 'device' in report['chosen'] else []
        more += [f'--pass-pipeline={COPIES_PIPELINE}'] if report['chosen'].get('round') == 'copies' else []
        subprocess.run([ALLOT, model(name), f'--target={TARGET}', f'--objective={objective}', f'--costs={out}/costs.csv', '--dim', 'batch=2',
                        '-o', str(again), '--quiet', *more], check=True)
        compared = subprocess.run([ALLOT, 'diff', str(out), str(again)], capture_output=True, text=True)
        self.assertEqual((compared.returncode, compared.stdout + compared.stderr), (0, ''))

    def test_branches_throughput(self):
        self.keeps_a_plan_that_was_measured_and_that_runs('branches', 'throughput')

    def test_control_flow_latency(self):
        self.keeps_a_plan_that_was_measured_and_that_runs('control_flow', 'latency')

    def test_quantized_throughput(self):
        self.keeps_a_plan_that_was_measured_and_that_runs('quantized', 'throughput')

    def test_without_replicas_copies_are_there_to_compare_with_and_not_kept(self):
        write(cpu('left'), cpu('right'))
        status, stdout, stderr = tune('branches', 'throughput', SCRATCH / 'one-placement', '--dim', 'batch=2', '--replicas=no')
        self.assertEqual(status, 0, stderr)
        report = json.loads(stdout)
        self.assertTrue(report['copies_us'] > 0 and report['chosen']['kind'] != 'copies')
        self.assertEqual(report['measured_us'], min(time for time in (report['single_us'], report['split_us']) if time is not None))
        for one in report['rounds']:
            self.assertEqual(one['round'] == 'copies', one['kind'] == 'copies')

    def test_devices_that_are_not_here_are_named_and_left_out(self):
        write(cpu('left'), FAR)
        out = SCRATCH / 'absent'
        status, stdout, stderr = tune('branches', 'latency', out)
        self.assertEqual(status, 0, stderr)
        self.assertIn('not here, and left out: far\n', stderr)
        self.assertEqual(json.loads(stdout)['single'][0]['device'], 'left')
        self.assertEqual({part['device'] for part in json.loads((out / 'manifest.json').read_text())['parts']}, {'left'})

    def test_files_of_others_in_the_folder_stay(self):
        write(cpu('left'), cpu('right'))
        out = SCRATCH / 'theirs'

        def tuned():
            return tune('branches', 'latency', out, '--rounds=1')

        for name in ('costs.csv', 'tuning.json', 'plan.json', 'branches.00000_left.onnx'):
            out.mkdir()
            (out / name).write_text('mine')
            status, _, stderr = tuned()
            self.assertEqual(status, 1)
            self.assertRegex(stderr, rf"^error: '.*{name}' was not written by (allot tune|Allot), or changed since; move it away.*\n$")
            with self.assertRaisesRegex(InvalidInput, 'was not written by'):  # before anything is measured
                check_tuned_folder(str(out), 'branches.onnx')
            self.assertEqual(os.listdir(out), [name])
            self.assertEqual((out / name).read_text(), 'mine')
            shutil.rmtree(out)
        out.write_text('mine')
        self.assertRegex(tuned()[2], r"^error: '.*theirs' exists and is no folder; give another output folder\n$")
        out.unlink()
        # An earlier tuning's are replaced, unless they were changed.
        for _ in range(2):
            self.assertEqual(tuned()[0], 0)
        for name in os.listdir(out):
            if name.startswith('.'):
                continue
            before = (out / name).read_bytes()
            (out / name).write_text('mine')
            with self.assertRaisesRegex(InvalidInput, 'was not written by', msg=name):
                check_tuned_folder(str(out), 'branches.onnx')
            (out / name).write_bytes(before)
            check_tuned_folder(str(out), 'branches.onnx')
        with open(out / 'costs.csv', 'a') as file:
            file.write('# mine\n')
        self.assertRegex(tuned()[2], r"costs\.csv' was not written by allot tune, or changed since")
        # Nor is what a link leads to.
        (out / 'costs.csv').rename(SCRATCH / 'linked.csv')
        (out / 'costs.csv').symlink_to(SCRATCH / 'linked.csv')
        self.assertRegex(tuned()[2], r"costs\.csv' was not written by allot tune")

    def test_what_cannot_be_tuned_is_one_error_and_nothing_is_written(self):
        out = SCRATCH / 'nothing'

        def refused(ended, message):
            status, _, stderr = ended
            self.assertEqual(status, 1)
            self.assertRegex(stderr, f'^error: {message}')
            self.assertEqual(len(stderr.strip().split('\n')), 1)
            self.assertFalse(out.exists())

        write(FAR)
        refused(tune('branches', 'latency', out), '--target=.*this machine has none of its devices')
        write(cpu('left'))
        refused(run('tune', SCRATCH / 'none.onnx', f'--target={TARGET}', '-o', out, cwd=SCRATCH), r'.*none\.onnx: there is no such file')
        refused(run('tune', '-o', out, cwd=SCRATCH), 'no model given')
        refused(tune('branches', 'latency', out, '--rounds=0'), '--rounds=0: expected an integer of at least 1')
        refused(tune('branches', 'latency', out, '--pin', '.*=nowhere'), '.*nowhere')
        refused(tune('branches', 'latency', out, '--costs', SCRATCH / 'none.csv'), r'.*none\.csv')


def report_of(chosen, *compared):
    return {'objective': 'throughput', 'rounds': [], 'single': [], 'chosen': {'kind': chosen},
            'compared': [{'kind': kind, 'name': name, 'measured_us': measured, 'noise': 0} for kind, name, measured in compared],
            'split_us': next((measured for kind, _, measured in compared if kind == 'split'), None), 'splitting_pays': False,
            'predicted_us': 1000, 'error': 0.1}


class Reports(unittest.TestCase):
    def test_what_is_kept_and_what_is_better(self):
        single, together = ('single', 'one worker, a', 4000), ('together', 'one session on a+b', 3000)
        copies, split = ('copies', 'two whole copies', 2000), ('split', 'split, 2 parts', 2500)
        self.assertRegex(tuning_text(report_of('copies', single, together, copies, split)),
                         r'kept: two whole copies, 2\.00 ms per inference: 1\.25 times as fast as split, 2 parts, 2\.00 times as fast as one worker, a\n'
                         r'splitting does not pay: 2\.50 ms per inference split, 2\.00 ms with two whole copies\npredicted 1\.00 ms, 10\.0 % off\n$')
        self.assertRegex(tuning_text(report_of('split', single, together, copies, split)),
                         r'kept: split, 2 parts, 2\.50 ms per inference: 1\.20 .*\nfaster, but excluded by --replicas=no: two whole copies, 2\.00 ms '
                         r'per inference\nsplitting does not pay')
        # What differs by less than the same does is not told apart.
        noisy = report_of('split', single, ('split', 'split, 2 parts', 3900))
        for row in noisy['compared']:
            row['noise'] = 0.2
        self.assertRegex(tuning_text(noisy), r'\nnoisy: three measurements of one worker, a differ by 20\.0 %; end other work .*\n'
                                             r'the next is 2\.6 % away, which is less than measurements differ by \(20\.0 %\): it may be as good\n')
        for row in noisy['compared']:
            row['noise'] = 0.01
        self.assertNotRegex(tuning_text(noisy), 'noisy|as good')
        self.assertRegex(tuning_text(report_of('single', single)),
                         r'kept: one worker, a, 4\.00 ms per inference\nsplitting does not pay: no split was predicted to be better\n')
        paying = {**report_of('split', single, ('split', 'split, 2 parts', 3900)), 'splitting_pays': True}
        self.assertRegex(tuning_text(paying), r'kept: split, 2 parts, 3\.90 ms per inference: 1\.03 times as fast as one worker, a\n'
                                              r'splitting pays: nothing that leaves the model whole is as fast\n')
        self.assertTrue(tuning_text(paying, 'out').endswith('files in out\n'))

    def test_a_pipe_in_the_folder_is_nobodys(self):
        folder = SCRATCH / 'piped'
        folder.mkdir()
        os.mkfifo(folder / 'tuning.json')
        with self.assertRaisesRegex(InvalidInput, r"tuning\.json' was not written by allot tune"):
            check_tuned_folder(str(folder), 'model.onnx')

    def test_kinds_of_plans_and_one_session_on_all_cpus(self):
        def manifest(*lanes, devices=()):
            part = PartFile('p', 'a', 'p.onnx', (), ())
            return Manifest('m', '.', (), (), {device.name: device for device in devices}, tuple(Lane(1, (part,) * count) for count in lanes), {})

        self.assertEqual([kind_of(manifest(*counts)) for counts in ((1,), (1, 1), (2,), (1, 2))], ['whole', 'copies', 'split', 'split'])

        def together(*devices):
            found = with_together(manifest(1, devices=devices))
            return found and found[0].devices[found[1]]

        self.assertEqual(together(DeviceHint('a', 'cpu', 0, 1, '0'), DeviceHint('g', 'cuda'), DeviceHint('b', 'cpu', 0, 0, '1-2')),
                         DeviceHint('a+b', 'cpu', 0, 3, '0,1-2'))
        self.assertEqual(together(DeviceHint('a', 'cpu', 0, 1), DeviceHint('b', 'cpu', 0, 1)), DeviceHint('a+b', 'cpu', 0, 2, None))
        self.assertIsNone(together(DeviceHint('a', 'cpu', 0, 1)))
        self.assertIsNone(together(DeviceHint('a', 'cpu', 0, 0), DeviceHint('b', 'cpu', 0, 1)))


if __name__ == '__main__':
    unittest.main()
