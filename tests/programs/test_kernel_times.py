"""From what was measured to what operators take, on times made up."""

import unittest

import programs  # noqa: F401

from allot.errors import RunError
from allot.profiling.kernel_times import Base, divided_times, operator_times
from allot.profiling.onnx_graph import Graph, Node
from allot.profiling.profile_events import Kernel

GRAPH = Graph([Node('mul', 'MatMul', inputs=['x'], outputs=['m']), Node('relu', 'Relu', inputs=['m'], outputs=['y'])], ['x'], ['y'])


def run(mul, relu):
    return [Kernel(name, op_type, time, 1, 'CPUExecutionProvider') for name, op_type, time in (('mul', 'MatMul', mul), ('relu', 'Relu', relu))]


# Half of all runs were interrupted, in one kernel or the other.
RUNS = [run(33, 8), run(33, 408), run(433, 8), run(33, 8), run(433, 408), run(433, 408)]
BASE = Base(fixed=20, least=1, overhead=3)


class KernelTimes(unittest.TestCase):
    def assert_rows(self, found, *rows):
        self.assertEqual([(row.label, row.status) for row in found.rows], [row[:2] for row in rows])
        for row, (_, _, time) in zip(found.rows, rows):
            self.assertAlmostEqual(row.time, time, 9)

    def test_times_of_kernels_less_what_profiling_adds_are_scaled_to_the_run_without_a_profile(self):
        found = operator_times(GRAPH, GRAPH, RUNS, 86, [80, 90, 80, 700, 80], BASE)
        self.assertEqual([found.whole, found.profiled, found.kernels, found.runs], [80, 35, 2, 5])
        self.assertAlmostEqual(found.scale, 60 / 35, 12)
        self.assert_rows(found, ('mul', 'kernel', 30 * 60 / 35), ('relu', 'kernel', 5 * 60 / 35))
        self.assertEqual(found.providers, ['CPUExecutionProvider'])
        self.assertEqual(found.spread.worst_node, 'relu')  # which varies most

    def test_nothing_is_scaled_where_the_whole_takes_no_longer_than_next_to_nothing(self):
        found = operator_times(GRAPH, GRAPH, RUNS, 86, [15], BASE)
        self.assertEqual(found.scale, 1)
        self.assert_rows(found, ('mul', 'kernel', 30), ('relu', 'kernel', 5))

    def test_a_whole_is_divided_as_elsewhere(self):
        like = operator_times(GRAPH, GRAPH, RUNS, 86, [80], BASE)
        found = divided_times([33, 35, 900], Base(5, 1, 1), [Kernel('group', 'G', 20, 1, 'P')], like, 'cpu0')
        self.assert_rows(found, ('mul', 'kernel', 30 * 30 / 35), ('relu', 'kernel', 30 * 5 / 35))
        self.assertEqual((found.whole, found.divided_as, found.providers, found.kernels), (35, 'cpu0', ['P'], 1))
        self.assert_rows(divided_times([3], Base(5, 1, 1), [], like, 'cpu0'), ('mul', 'kernel', 0), ('relu', 'kernel', 0))

    def test_a_profile_without_runs_is_an_error(self):
        with self.assertRaisesRegex(RunError, 'holds no run'):
            operator_times(GRAPH, GRAPH, [], 86, [15], BASE)
