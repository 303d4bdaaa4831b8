"""ONNX Runtime's profiles: runs, kernels, what runs inside kernels."""

import json
import unittest

import programs  # noqa: F401

from allot.errors import RunError
from allot.profiling.onnx_graph import Node
from allot.profiling.profile_events import Kernel, read_profile, times_of_run, without_overhead


def event(category, name, start, duration, op_type=None):
    about = {'op_name': op_type, 'provider': 'CPUExecutionProvider'} if op_type else {}
    return {'cat': category, 'name': name, 'ts': start, 'dur': duration, 'ph': 'X', 'args': about}


def kernel(name, op_type, start, duration):
    return event('Node', f'{name}_kernel_time', start, duration, op_type)


# As the runtime writes them: an event comes when it ends, what it holds comes before it.
PROFILE = [
    event('Session', 'session_initialization', 0, 90),
    kernel('a', 'Conv', 100, 10), kernel('in', 'Mul', 111, 5), kernel('in', 'Mul', 117, 0),
    kernel('loop', 'Loop', 110, 20),
    kernel('', 'Neg', 130, 0), event('Session', 'SequentialExecutor::Execute', 100, 31),
    event('Session', 'model_run', 99, 33),
    kernel('a', 'Conv', 140, 12), kernel('loop', 'Loop', 152, 1), kernel('', 'Neg', 153, 2),
    event('Session', 'model_run', 139, 20),
]


def runtime_text(names, escape):
    """As the runtime writes events: escaped as newer releases do, else names as they are."""
    lines = ['{"cat" : "Node","pid" :1,"tid" :1,"dur" :7,"ts" :%d,"ph" : "X","name" :"%s_kernel_time","args" : '
             '{"provider" : "CPUExecutionProvider","op_name" : "Relu"}}' % (100 + 10 * i, json.dumps(name)[1:-1] if escape else name)
             for i, name in enumerate(names)]
    lines.append('{"cat" : "Session","pid" :1,"tid" :1,"dur" :900,"ts" :90,"ph" : "X","name" :"model_run","args" : {}}')
    return '[\n' + ',\n'.join(lines) + '\n]\n'


class ProfileEvents(unittest.TestCase):
    def test_kernels_by_run_bodies_in_their_kernel(self):
        runs = read_profile(json.dumps(PROFILE), 'p.json')
        self.assertEqual([[f'{one.name} {one.events} {one.time}' for one in run] for run in runs],
                         [['a 1 10.5', 'loop 3 20.5', ' 1 0.5'], ['a 1 12.5', 'loop 1 1.5', ' 1 2.5']])

    def test_times_by_node_in_order_where_names_repeat_and_strangers_count_for_the_kernel_before(self):
        nodes = [Node('a', 'Conv'), Node('a', 'Conv'), Node('', 'Neg')]
        run = [Kernel(*one) for one in (('a', 'Conv', 1), ('odd', 'Memcpy', 2), ('a', 'Conv', 4), ('Neg_7', 'Neg', 8))]
        self.assertEqual(times_of_run(run, nodes), [3, 4, 8])
        self.assertEqual(times_of_run(run, []), [])

    def test_the_overhead_of_profiling_is_taken_off_but_not_all(self):
        run = [Kernel('', '', time, events) for events, time in ((1, 10), (1, 2), (1, 0.1), (11, 100))]
        rest = without_overhead(run, overhead=3, between=6, least=0.25)
        self.assertEqual([one.time for one in rest], [7, 0.25, 0.1, 37])

    def test_names_with_quotes_backslashes_and_control_characters_escaped_by_the_runtime_or_not(self):
        names = ['a"b', 'c\\', 'scope\\next', 'd\\q', 'e","args" : {', 'f\nnew', 'g\tt', '\\"', 'plain']
        for escape in (False, True):
            runs = read_profile(runtime_text(names, escape), 'p.json')
            self.assertEqual([len(run) for run in runs], [len(names)])
            self.assertEqual(times_of_run(runs[0], [Node(name, 'Relu') for name in names]), [7.5] * len(names), f'escaped: {escape}')

    def test_what_is_no_profile(self):
        for text, error in (('[', 'p.json: not a complete profile'), ('{}', 'p.json: not a profile'), (runtime_text(['a'], True)[:-9], 'not a complete')):
            with self.assertRaisesRegex(RunError, error):
                read_profile(text, 'p.json')
        self.assertEqual(read_profile('[]', 'p.json'), [])
