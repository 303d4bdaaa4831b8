"""Correcting costs by a run."""

import importlib.util
import types
import unittest

import programs  # noqa: F401

if not importlib.util.find_spec('numpy'):
    raise unittest.SkipTest('numpy is not installed')

from allot.profiling.costs_table import CostRow
from allot.profiling.target_devices import likeness
from allot.running.conductor import PartRun
from allot.running.dataflow import make_dataflow
from allot.running.manifest import Lane, PartFile
from allot.running.plan_run import PlanRun
from allot.tuning.calibration import calibrate
from allot.tuning.least_squares import fit_two


def cpu(name, cores, **more):
    return {'name': name, 'kind': 'cpu', 'memory': '4GiB', 'flops': {'default': '60G'},
            'runtime': {'provider': 'cpu', 'threads': 1, 'cores': cores}, **more}


ROWS, SIZES = [1000, 400, 700, 200, 900, 500], [0, 5000, 80000, 20000, 300000, 1000, 0]
MACHINE = dict(rows=ROWS, sizes=SIZES, factor=1.2, per_byte=0.001, copying=0.0005, fixed=30, wait=12)
PLAN = {'nodes': [*({'name': f'n{i}', 'part': f'p{i}'} for i in range(len(ROWS))), {'name': 'none', 'part': None}]}
DEVICES = [cpu('a', '0'), cpu('b', '1'), cpu('g', '1', kind='gpu')]
BEFORE = [
    *(CostRow('op', device, time, node=f'n{i}' if i < len(ROWS) else 'none') for device in 'abg' for i, time in enumerate([*ROWS, 5])),
    *(CostRow('launch', device, 7) for device in 'abg'),
    *(CostRow('transfer', device, size / 1000, to=to, bytes=str(size)) for size in (4096, 65536, 1048576) for device, to in ('ab', 'ba', 'ag'))]


def sample(begin, lane, runs, sizes):
    return types.SimpleNamespace(begin_us=begin, lane=lane, runs=runs, values={name: ('float32', [], size, None) for name, size in sizes.items()})


def chain(rows, sizes, factor, per_byte, copying, fixed, wait):
    """Parts p0, p1, ... in a chain, on devices a and b in turn. Each computes `factor` times its row and `per_byte` for each byte
    that it reads and writes, moves those at `copying` a byte and `fixed` a part, and waits `wait` for its message."""
    parts = tuple(PartFile(f'p{i}', 'ab'[i % 2], f'{i}.onnx', (f't{i}',), (f't{i + 1}',)) for i in range(len(rows)))
    flow = make_dataflow(['t0'], [f't{len(rows)}'], [Lane(1, parts)])
    phases = []
    for i, row in enumerate(rows):
        size = sizes[i] + sizes[i + 1]
        move = fixed + copying * size
        phases.append((move / 2, factor * row + per_byte * size, move / 2))

    def one(begin):
        now, runs = begin, []
        for i, (read, compute, write) in enumerate(phases):
            start = now + wait
            now = start + read + compute + write
            runs.append(PartRun(i, (start, start + read, start + read + compute, now)))
        return sample(begin, 0, runs, {f't{i}': size for i, size in enumerate(sizes)})

    report = {'parts': [{'id': f'p{i}', 'device': parts[i].device, 'read_us': read, 'compute_us': compute, 'write_us': write}
                        for i, (read, compute, write) in enumerate(phases)]}
    return PlanRun(report, [one(begin) for begin in (0, 1e6, 2e6)], flow)


def find(table, device, node):
    return next(row.time_us for row in table if (row.what, row.device, row.node) == ('op', device, node))


class Calibration(unittest.TestCase):
    def near(self, got, want):
        self.assertLessEqual(abs(got - want), 1e-6 * want, f'{got} instead of {want}')

    def test_devices_are_alike_whatever_their_names_memory_and_cores_are_but_not_of_other_size_or_kind(self):
        self.assertEqual(likeness(cpu('a', '0')), likeness({**cpu('b', '3'), 'memory': '2GiB', 'note': 'n'}))
        self.assertEqual(likeness(cpu('a', '0-1')), likeness(cpu('b', '4,7')))
        self.assertNotEqual(likeness(cpu('a', '0')), likeness(cpu('a', '0-1')))
        self.assertNotEqual(likeness(cpu('a', '0')), likeness(cpu('a', '0', kind='gpu')))
        self.assertNotEqual(likeness(cpu('a', '0')), likeness(cpu('a', '0', flops={'default': '61G'})))

    def test_two_costs_are_never_negative(self):
        self.near(fit_two([(1, 2, 8), (1, 4, 14)])[0], 2)
        self.assertEqual(fit_two([(1, 1, 1), (1, 2, 0)])[1], 0)
        self.assertEqual(fit_two([(1, 1, 1), (1, 2, 4)]), (0, 9 / 5))
        self.assertEqual(fit_two([(1, 2, 6), (2, 4, 12)]), (6, 0))
        self.assertEqual(fit_two([]), (0, 0))

    def test_a_copy_corrects_the_rows_of_its_own_device(self):
        def part(name, device):
            return Lane(1, (PartFile(name, device, 'whole.onnx', ('x',), ('y',)),))

        flow = make_dataflow(['x'], ['y'], [part('p0', 'a'), part('p1', 'b')])
        compute, samples = [300, 500], []
        for index in range(6):
            lane, start = flow.turns[index % 2], 1000 * index
            samples.append(sample(start, lane, [PartRun(lane, (start, start, start + compute[lane], start + compute[lane]))], {'x': 0, 'y': 0}))
        report = {'parts': [{'id': f'p{i}', 'device': 'ab'[i], 'read_us': 0, 'compute_us': compute[i], 'write_us': 0} for i in range(2)]}
        plan = {'nodes': [{'name': 'n', 'part': 'p0', 'cluster': 0}], 'lanes': [{'part_of_cluster': ['p1']}]}
        rows = [CostRow('op', device, 200, node='n') for device in 'abc']
        # Of a device that ran nothing, the first that is like it speaks.
        devices = [cpu(name, str(i)) for i, name in enumerate('abc')]
        self.assertEqual([row.time_us for row in calibrate(rows, plan, PlanRun(report, samples, flow), devices)], [300, 500, 300])

    def test_what_a_part_takes_is_told_apart_into_operators_bytes_and_launch(self):
        table = calibrate(BEFORE, PLAN, chain(**MACHINE), DEVICES)
        for device in 'ab':
            for i, row in enumerate(ROWS):
                self.near(find(table, device, f'n{i}'), 1.2 * row)
            self.near(next(row.time_us for row in table if (row.what, row.device) == ('launch', device)), 42)
        transfers = [row for row in table if row.what == 'transfer' and row.to != 'g']
        self.assertEqual(len(transfers), 4)  # two sizes, both ways
        for row in transfers:
            self.near(row.time_us, 2 * 0.0015 * int(row.bytes))

    def test_operators_that_did_not_run_and_devices_unlike_those_that_ran_keep_their_rows(self):
        table = calibrate(BEFORE, PLAN, chain(**MACHINE), DEVICES)
        for device in 'abg':
            self.assertEqual(find(table, device, 'none'), 5)
        self.assertEqual([row for row in table if 'g' in (row.device, row.to)], [row for row in BEFORE if 'g' in (row.device, row.to)])

    def test_with_the_new_table_the_same_plan_is_predicted_as_it_was_measured(self):
        # Nothing fits a line here: whatever the fit leaves must end up with the operators.
        odd = chain(**{**MACHINE, 'per_byte': 0.0004})
        for i, part in enumerate(odd.report['parts']):
            part['compute_us'] *= 1 + (i * 7 % 5) / 20
        table = calibrate(BEFORE, PLAN, odd, DEVICES)

        def row(what, device):
            return next(one.time_us for one in table if one.what == what and one.device == device and one.to != 'g')

        per_byte = row('transfer', 'a') / 4096 / 2
        for i, part in enumerate(odd.report['parts']):
            crossing = SIZES[i] * (i > 0) + SIZES[i + 1] * (i + 1 < len(ROWS))
            self.near(row('launch', part['device']) + per_byte * crossing + find(table, part['device'], f'n{i}'),
                      12 + part['read_us'] + part['compute_us'] + part['write_us'])

    def test_a_single_part_tells_of_no_transfers(self):
        table = calibrate(BEFORE, PLAN, chain(**{**MACHINE, 'rows': [1000], 'sizes': [0, 0]}), DEVICES)
        self.assertEqual([row for row in table if row.what == 'transfer'], [row for row in BEFORE if row.what == 'transfer'])
        self.near(find(table, 'b', 'n0'), 1200)


if __name__ == '__main__':
    unittest.main()
