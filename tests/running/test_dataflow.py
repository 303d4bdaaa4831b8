"""Who makes and takes what, and the statistics of times."""

import unittest

from allot.running.dataflow import Transfer, make_dataflow, transfers, turns_of
from allot.running.manifest import Lane, PartFile
from allot.support.statistics import mean, median, quantile, spread, summarise


def part(name, device, inputs, outputs, file=None):
    return PartFile(name, device, file or f'{name}.onnx', tuple(inputs), tuple(outputs))


class Flows(unittest.TestCase):
    def test_what_travels(self):
        flow = make_dataflow(['x'], ['y', 'x'], [Lane(1, (
            part('p0', 'a', ['x'], ['s', 't', 'u']), part('p1', 'a', ['s', 't'], ['v']), part('p2', 'b', ['t', 'v'], ['w']),
            part('p3', 'b', ['t', 'w', 'x'], ['y'])))])

        def of(name):
            tensor = flow.lanes[0].tensors[name]
            return tensor.producer, tensor.takers, tensor.is_output, tensor.uses_on, tensor.travels

        self.assertEqual(of('x'), (-1, [0, 3], True, {'a': 1, 'b': 1}, True))
        self.assertEqual(of('s'), (0, [1], False, {'a': 1}, False))
        self.assertEqual(of('t'), (0, [1, 2, 3], False, {'a': 1, 'b': 2}, True))
        self.assertEqual(of('u'), (0, [], False, {}, False))
        self.assertEqual(of('v'), (1, [2], False, {'b': 1}, True))
        self.assertEqual(of('w'), (2, [3], False, {'b': 1}, False))
        self.assertEqual(of('y'), (3, [], True, {}, True))
        self.assertEqual([one.order for one in flow.parts], [0, 1, 2, 3])
        self.assertEqual(transfers(flow), [Transfer('t', 'a', 'b'), Transfer('v', 'a', 'b')])

    def test_lanes_have_parts_and_tensors_of_their_own_and_a_device_one_session_for_a_file(self):
        flow = make_dataflow(['x'], ['y'], [
            Lane(2, (part('p0', 'a', ['x'], ['t'], '0.onnx'), part('p1', 'b', ['t'], ['y'], '1.onnx'))),
            Lane(1, (part('p2', 'a', ['x'], ['t'], '0.onnx'), part('p3', 'a', ['t'], ['y'], '1.onnx')))])
        self.assertEqual(flow.turns, (0, 1, 0))
        self.assertEqual([(one.name, one.lane, one.order, one.session) for one in flow.parts],
                         [('p0', 0, 0, 'p0'), ('p1', 0, 1, 'p1'), ('p2', 1, 0, 'p0'), ('p3', 1, 1, 'p3')])
        self.assertEqual([lane.parts for lane in flow.lanes], [(0, 1), (2, 3)])
        self.assertEqual([lane.tensors['t'].producer for lane in flow.lanes], [0, 2])
        self.assertEqual([lane.tensors['t'].takers for lane in flow.lanes], [[1], [3]])
        self.assertEqual([lane.tensors['t'].travels for lane in flow.lanes], [True, False])
        self.assertEqual(transfers(flow), [Transfer('t', 'a', 'b')])

    def test_turns_are_taken_as_often_as_shares_say_and_evenly(self):
        self.assertEqual(turns_of([1]), (0,))
        self.assertEqual(turns_of([1, 1]), (0, 1))
        self.assertEqual(turns_of([5, 1, 1]), (0, 0, 1, 0, 2, 0, 0))
        for shares in ([3, 2], [9, 1], [33, 8, 5], [7, 7, 7, 1], [40, 13, 11]):
            turns = turns_of(shares)
            for lane, share in enumerate(shares):
                self.assertEqual(turns.count(lane), share)
                # Up to any turn each has had its share, give or take less than one for each of the others.
                for i in range(len(turns)):
                    self.assertLess(abs(turns[:i + 1].count(lane) - share * (i + 1) / len(turns)), len(shares))


class Statistics(unittest.TestCase):
    def test_quantiles_are_by_nearest_rank_and_leave_the_values_alone(self):
        values = [5, 1, 4, 2, 3]
        self.assertEqual([quantile(values, q) for q in (0, 0.2, 0.21, 0.5, 0.9, 1)], [1, 1, 2, 3, 5, 5])
        self.assertEqual(values, [5, 1, 4, 2, 3])
        self.assertEqual((quantile([10, 9], 0.5), median([7]), median([]), mean([1, 2, 6]), mean([])), (9, 7, None, 3, None))
        self.assertEqual(quantile([2, 10, 1], 1), 10)

    def test_spread_and_summary(self):
        self.assertEqual((spread([1, 2, 3, 4]), spread([5, 5, 5]), spread([0, 0]), spread([])), ((3 - 1) / 2, 0, 0, 0))
        self.assertEqual(summarise(range(1, 101)), {'median': 50, 'p90': 90, 'p99': 99, 'max': 100, 'spread': 1})


if __name__ == '__main__':
    unittest.main()
