"""What gets a row: shape arithmetic, views, constants, bodies, functions, and nodes that cannot be measured."""
import unittest

from onnx_writer import (BOOL, FLOAT, INT64, STRING, Reference, function, graph, model, node, tensor, value)
from plain_backend import CALL_US, PlainBackend, run


def by_label(times):
    return {time.label: time for time in times}


class Rows(unittest.TestCase):
    def test_shape_arithmetic_is_done_on_the_host_and_costs_nothing(self):
        main = graph([
            node('Shape', ['x'], ['s']), node('Gather', ['s', 'zero'], ['n']), node('Unsqueeze', ['n', 'zeros'], ['n1']),
            node('Concat', ['n1', 'rest'], ['to'], axis=0), node('Reshape', ['x', 'to'], ['flat'], name='/flat'),
            node('Relu', ['flat'], ['y'], name='act')],
            [value('x', FLOAT, ['batch', 2, 3])], [value('y')],
            [tensor('zero', [], INT64, [0]), tensor('zeros', [1], INT64, [0]), tensor('rest', [1], INT64, [-1])])
        backend = PlainBackend()
        results, times = run(model(main), sizes={'batch': 4}, backend=backend)
        self.assertEqual(results['y'].dims, (4, 6))
        self.assertEqual([(t.label, t.how, t.time_us) for t in times], [
            ('Shape#0', 'folded', 0.0), ('Gather#1', 'folded', 0.0), ('Unsqueeze#2', 'folded', 0.0),
            ('Concat#3', 'folded', 0.0), ('/flat', 'view', 0.0), ('act', 'measured', CALL_US)])
        self.assertEqual(backend.timed, 1)

    def test_integers_of_inputs_are_known_and_yet_measured(self):
        main = graph([node('Add', ['length', 'one'], ['end']), node('Range', ['zero', 'end', 'one'], ['steps']),
                      node('Cast', ['steps'], ['y'], to=FLOAT)], [value('length', INT64, [])], [value('y')],
                     [tensor('zero', [], INT64, [0]), tensor('one', [], INT64, [1])])
        results, times = run(model(main), rules={'length': {'value': 2}})
        self.assertEqual(results['y'].data, [0.0, 1.0, 2.0])
        self.assertEqual([t.time_us for t in times], [CALL_US] * 3)

    def test_open_dimensions_get_the_default(self):
        main = graph([node('Relu', ['x'], ['y'])], [value('x', FLOAT, ['n', 3])], [value('y')])
        self.assertEqual(run(model(main))[0]['y'].dims, (1, 3))

    def test_large_weights_are_not_read(self):
        # The tensor claims a file that does not exist.
        from onnx_writer import block, number
        weights = number(1, 64) + number(1, 64) + number(2, FLOAT) + block(8, 'w') + number(14, 1) + \
            block(13, block(1, 'location'), block(2, 'nowhere.bin'))
        main = graph([node('MatMul', ['x', 'w'], ['y'])], [value('x', FLOAT, [2, 64])], [value('y')], [weights])
        results, times = run(model(main))
        self.assertEqual((results['y'].dims, times[0].time_us), ((2, 64), CALL_US))

    def test_constants_are_computed_beforehand(self):
        main = graph([node('Transpose', ['w'], ['t']), node('Mul', ['x', 't'], ['y'])], [value('x', FLOAT, [3, 2])],
                     [value('y')], [tensor('w', [2, 3], FLOAT, [1.0] * 6)])
        _, times = run(model(main))
        self.assertEqual([(t.how, t.time_us) for t in times], [('folded', 0.0), ('measured', CALL_US)])

    def test_nodes_without_equivalent_and_what_depends_on_them(self):
        main = graph([node('Unheard', ['x'], ['a'], name='odd', domain='my'), node('Relu', ['a'], ['b']),
                      node('Relu', ['x'], ['y'])], [value('x', FLOAT, [2])], [value('y'), value('b')])
        results, times = run(model(main))
        self.assertEqual([(t.label, t.time_us, t.why) for t in times], [
            ('odd', None, 'no equivalent is known'), ('Relu#1', None, "its operand 'a' is not known"),
            ('Relu#2', CALL_US, '')])
        self.assertIsNone(results['b'])

    def test_a_declared_shape_stands_in_for_a_result(self):
        main = graph([node('Unheard', ['x'], ['a'], domain='my'), node('Relu', ['a'], ['y'])], [value('x', FLOAT, ['n'])],
                     [value('y')], infos=[value('a', FLOAT, ['n', 5])])
        results, times = run(model(main), sizes={'n': 7})
        self.assertEqual((results['y'].dims, times[1].time_us), ((7, 5), CALL_US))

    def test_texts_are_not_measured(self):
        main = graph([node('Identity', ['x'], ['y'])], [value('x', STRING, [2])], [value('y')])
        self.assertEqual(run(model(main))[1][0].time_us, None)

    def test_nodes_in_any_order(self):
        main = graph([node('Relu', ['a'], ['y']), node('Neg', ['x'], ['a'])], [value('x', FLOAT, [2])], [value('y')])
        self.assertEqual([t.label for t in run(model(main))[1]], ['Relu#0', 'Neg#1'])
        self.assertEqual([t.time_us for t in run(model(main))[1]], [CALL_US] * 2)

    def test_a_node_that_breaks_its_operators_rules(self):
        main = graph([node('Transpose', ['x'], ['y'], perm=[0, 7])], [value('x', FLOAT, [2, 2])], [value('y')])
        self.assertEqual(run(model(main))[1][0].why, 'axis 7 of 2')
        main = graph([node('Concat', ['x'], ['y'], axis='no')], [value('x', FLOAT, [2, 2])], [value('y')])
        self.assertIn('cannot be understood', run(model(main))[1][0].why)


class Bodies(unittest.TestCase):
    def test_if_runs_the_branch_that_is_taken(self):
        yes = graph([node('Neg', ['x'], ['a']), node('Abs', ['a'], ['b'])], [], [value('b')])
        no = graph([node('Identity', ['x'], ['c'])], [], [value('c')])
        main = graph([node('If', ['go'], ['y'], then_branch=yes, else_branch=no)],
                     [value('x', FLOAT, [2]), value('go', BOOL, [])], [value('y')])
        results, times = run(model(main), rules={'x': {'values': [-1.0, 2.0]}, 'go': {'value': True}})
        self.assertEqual((results['y'].data, times[0].time_us), ([1.0, 2.0], 2 * CALL_US))
        results, times = run(model(main), rules={'x': {'values': [-1.0, 2.0]}, 'go': {'value': False}})
        self.assertEqual((results['y'].data, times[0].time_us), ([-1.0, 2.0], 0.0))

    def test_loop_counts_its_trips(self):
        body = graph([node('Add', ['s', 'x'], ['t']), node('Identity', ['c'], ['d']), node('Identity', ['t'], ['u'])],
                     [value('i', INT64, []), value('c', BOOL, []), value('s')], [value('d'), value('t'), value('u')])
        main = graph([node('Loop', ['trips', '', 'x'], ['y', 'all'], body=body)], [value('x', FLOAT, [2])],
                     [value('y'), value('all')], [tensor('trips', [], INT64, [3])])
        results, times = run(model(main), rules={'x': {'values': [1.0, 2.0]}})
        self.assertEqual(results['y'].data, [4.0, 8.0])
        self.assertEqual((results['all'].dims, results['all'].data), ((3, 2), [2.0, 4.0, 3.0, 6.0, 4.0, 8.0]))
        self.assertEqual(times[0].time_us, 3 * CALL_US)

    def test_loop_ends_by_its_condition(self):
        body = graph([node('Less', ['i', 'two'], ['d']), node('Neg', ['s'], ['t'])],
                     [value('i', INT64, []), value('c', BOOL, []), value('s')], [value('d'), value('t')])
        main = graph([node('Loop', ['', 'yes', 'x'], ['y'], body=body)], [value('x', FLOAT, [1])], [value('y')],
                     [tensor('yes', [], BOOL, [True]), tensor('two', [], INT64, [2])])
        results, times = run(model(main), rules={'x': {'value': 5.0}})
        self.assertEqual((results['y'].data, times[0].time_us), ([-5.0], 3 * 2 * CALL_US))

    def test_scan(self):
        body = graph([node('Add', ['s', 'e'], ['t']), node('Identity', ['t'], ['u'])], [value('s'), value('e')],
                     [value('t'), value('u')])
        main = graph([node('Scan', ['zero', 'x'], ['y', 'sums'], body=body, num_scan_inputs=1)],
                     [value('zero', FLOAT, [1]), value('x', FLOAT, [3, 1])], [value('y'), value('sums')])
        results, times = run(model(main), rules={'zero': {'value': 0}, 'x': {'values': [1.0, 2.0, 3.0]}})
        self.assertEqual((results['y'].data, results['sums'].data), ([6.0], [1.0, 3.0, 6.0]))
        self.assertEqual((results['sums'].dims, times[0].time_us), ((3, 1), 3 * CALL_US))

    def test_function_with_attributes_and_absent_operands(self):
        twice = function('Reduced', 'my', ['a', 'axes'], ['r'], [
            node('ArgMax', ['a'], ['m'], axis=Reference('axis'), keepdims=0), node('Cast', ['m'], ['r'], to=FLOAT)])
        main = graph([node('Reduced', ['x'], ['y'], domain='my', axis=1)], [value('x', FLOAT, [2, 3])], [value('y')])
        results, times = run(model(main, functions=[twice], domains={'my': 1}),
                             rules={'x': {'values': [1.0, 3.0, 2.0, 6.0, 5.0, 4.0]}})
        self.assertEqual((results['y'].data, times[0].time_us), ([1.0, 0.0], 2 * CALL_US))

    def test_a_function_that_calls_itself(self):
        endless = function('F', 'my', ['a'], ['r'], [node('F', ['a'], ['r'], domain='my')])
        main = graph([node('F', ['x'], ['y'], domain='my')], [value('x', FLOAT, [2])], [value('y')])
        self.assertIn('it calls itself', run(model(main, functions=[endless], domains={'my': 1}))[1][0].why)

    def test_what_a_body_lacks_is_named(self):
        yes = graph([node('Odd', ['x'], ['a'], name='inner')], [], [value('a')])
        main = graph([node('If', ['go'], ['y'], then_branch=yes, else_branch=yes)],
                     [value('x', FLOAT, [2]), value('go', BOOL, [])], [value('y')])
        self.assertEqual(by_label(run(model(main))[1])['If#0'].why, 'in its body, inner: no equivalent is known')


if __name__ == '__main__':
    unittest.main()
