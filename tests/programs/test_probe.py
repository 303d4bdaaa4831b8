"""`allot target`: machines as JSON, and what runtimes say of the nodes of a model."""

import importlib.util
import json
import re
import subprocess
import types
import unittest

from onnx_bytes import onnx_model
from programs import ALLOT, run, scratch_folder

from allot.probing.answers import ANY_DOMAIN, Placements, judge
from allot.probing.openvino_query import NOBODY, PROVIDER, query_of_openvino
from allot.probing.session_record import placements_in_log
from allot.probing.support_rules import rules_for, with_rules
from allot.profiling.onnx_graph import Graph, Node

SCRATCH = scratch_folder('probe')
HAS_RUNTIME = importlib.util.find_spec('onnxruntime') is not None


def node(op_type, inputs, outputs, name='', domain=''):
    return Node(name, op_type, domain, inputs.split(), outputs.split())


GRAPH = Graph([node('Relu', 'x', 'a', 'a.1'), node('Relu', 'a', 'b', 'b'), node('Relu', 'w', 'c', 'at_load'), node('Tanh', 'b', 'd'),
               node('Tanh', 'd', 'e'), node('Gelu', 'e', 'f', 'g', 'com.microsoft'), node('Add', 'f c', 'y', 'end', 'ai.onnx')],
              ['x'], ['y'], ['w'])


class Answers(unittest.TestCase):
    def test_nodes_that_are_taken_refused_and_not_told(self):
        said = Placements('r', {('', 'Relu', 'a.1'): {'P'}, ('', 'Relu', 'b'): {'C'}, ('', 'Tanh', ''): {'P', 'C'},
                                (ANY_DOMAIN, 'Gelu', 'g'): {'C'}, ('', 'Add', 'end'): {'P', 'Q'}})
        verdict = judge(GRAPH, said, ['P', 'Q'])
        self.assertEqual((verdict.taken, verdict.refused, verdict.untold), ([0, 6], [1, 5], [2, 3, 4]))
        said.others = {'P'}
        self.assertEqual(judge(GRAPH, said, ['P', 'Q']).taken, [0, 2, 6])
        again = Placements.from_json(json.loads(json.dumps(said.to_json())))
        self.assertEqual(again, said)

    def test_rules_by_operator_where_all_are_refused_else_by_name(self):
        def rules(*refused):
            return [{key: value for key, value in rule.items() if key not in ('note', 'forbid')} for rule in rules_for(GRAPH, 'gpu0', refused, 'n')]

        self.assertEqual(rules(0, 1, 2), rules(0, 1))  # what is computed at load may be anywhere
        self.assertEqual(rules(0, 1), [{'op': 'Relu', 'name': r'a\.1|b'}])  # what is computed at load may be anywhere
        self.assertEqual(rules(2), [])
        self.assertEqual(rules(3, 4, 5), [{'op': 'Tanh'}, {'op': 'com.microsoft:Gelu'}])
        self.assertEqual(rules(4), [{'op': 'Tanh', 'name': 'Tanh#4'}])
        self.assertEqual(rules(6), [{'op': 'Add'}])
        many = Graph([node('Relu', 'x', f'y{i}', f'{i:0100d}') for i in range(20)], ['x'])
        patterns = [rule['name'] for rule in rules_for(many, 'd', range(1, 20), 'n')]
        self.assertEqual([len(pattern.split('|')) for pattern in patterns], [8, 8, 3])

    def test_what_was_asked_before_is_replaced_and_rules_of_others_stay(self):
        own = [{'forbid': 'd', 'op': 'Old', 'note': 'asked of r for m'}]
        others = [{'forbid': 'd', 'op': 'Mine'}, {'forbid': 'e', 'op': 'Old', 'note': 'asked of r for m'}, {'pin': 'd', 'name': 'x'}]
        new = [{'forbid': 'd', 'op': 'New', 'note': 'asked of s'}]
        self.assertEqual(with_rules({'rules': own + others}, 'd', new)['rules'], others + new)
        self.assertEqual(with_rules({'name': 't'}, 'd', []), {'name': 't'})

    def test_logs_of_runtimes_that_keep_no_record(self):
        def line(text):
            return f'2026-01-01 [V:onnxruntime:, session_state.cc:1146 VerifyEachNodeIsAssignedToAnEp] {text}\n'

        all_on_one = line('Node placements') + line(' All nodes placed on [CPUExecutionProvider]. Number of nodes: 9') + 'other (text)\n'
        said = placements_in_log('r', all_on_one)
        self.assertEqual((said.runners, said.others), ({}, {'CPUExecutionProvider'}))
        groups = line(' Node(s) placed on [P]. Number of nodes: 1') + line('   P-EP-subgraph_1 (P_1_0)') + \
            line(' Node(s) placed on [CPUExecutionProvider]. Number of nodes: 2') + line('   Relu (b)') + line('   Gelu (g)')
        verdict = judge(GRAPH, placements_in_log('r', groups), ['P'])
        self.assertEqual((verdict.taken, verdict.refused), ([0, 2, 3, 4, 6], [1, 5]))

    def test_openvino_takes_a_node_if_it_takes_all_that_it_is_read_as(self):
        class Operation:
            def __init__(self, name, names, *sources):
                self.name, self.names, self.sources = name, names, sources

            def get_friendly_name(self):
                return self.name

            def get_output_size(self):
                return 1

            def output(self, i):
                return self

            def get_names(self):
                return self.names

            def get_input_size(self):
                return len(self.sources)

            def input_value(self, i):
                return self.sources[i]

            def get_node(self):
                return self

        x = Operation('x', {'x'})
        inner = Operation('inner', set(), x)
        outer = Operation('a.1', {'a'}, inner)
        last = Operation('b', {'b'}, outer)
        for taken, expected in (({'x', 'inner', 'a.1', 'b'}, [PROVIDER, PROVIDER]), ({'x', 'a.1', 'b'}, [NOBODY, PROVIDER]), (set(), [NOBODY, NOBODY])):
            core = types.SimpleNamespace(read_model=lambda path: types.SimpleNamespace(get_ordered_ops=lambda: [x, inner, outer, last]),
                                         query_model=lambda model, device, taken=taken: dict.fromkeys(taken, device))
            said = query_of_openvino(types.SimpleNamespace(Core=lambda core=core: core, __version__='2026.1-5-x'), 'm', GRAPH, 'CPU')
            self.assertEqual(said.runtime, 'openvino 2026.1')
            self.assertEqual([said.of(('', 'Relu', name)) for name in ('a.1', 'b')], [{one} for one in expected])
            self.assertEqual(said.of(('', 'Add', 'end')), set())


def device(name, provider, kind='cpu', **more):
    return {'name': name, 'kind': kind, 'memory': '1GiB', 'flops': {'default': '60G'}, 'memory_bandwidth': '10GB/s',
            **({'runtime': {'provider': provider}} if provider else {}), **more}


class TargetProgram(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        nodes = [dict(op='Relu', name='relu', inputs=['x'], outputs=['a']), dict(op='Tanh', inputs=['a'], outputs=['b']),
                 dict(op='Unique', name='uni', inputs=['b'], outputs=['y'])]
        (SCRATCH / 'm.onnx').write_bytes(onnx_model(nodes=nodes, inputs=[('x', 4)], outputs=[('y', 'n')]))
        (SCRATCH / 'bad.onnx').write_bytes(onnx_model(nodes=[dict(op='Nonsense', inputs=['x'], outputs=['y'])], inputs=[('x', 4)], outputs=[('y', 4)]))
        cls.write(device('cpu0', 'cpu', note='kept'), device('gpu0', 'nowhere', 'gpu'), device('npu0', '', 'npu'))

    @staticmethod
    def write(*devices, **more):
        links = [{'from': one['name'], 'to': 'm', 'bandwidth': '4GB/s'} for one in devices]
        (SCRATCH / 't.json').write_text(json.dumps({'schema': 'allot.target/1', 'name': 't', 'devices': devices,
                                                    'topology': {'switches': ['m'], 'links': links}, **more}))

    def test_a_machine_as_json(self):
        status, out, err = run('target', 'cpu-gpu', cwd=SCRATCH)
        self.assertEqual((status, err), (0, ''))
        self.assertEqual(out, subprocess.run([ALLOT, '--print-target', '--target=cpu-gpu'], capture_output=True, text=True).stdout)
        status, _, err = run('target', 't.json', '-o', 'out.json', cwd=SCRATCH)
        self.assertEqual((status, err), (0, ''))
        self.assertEqual(json.loads((SCRATCH / 'out.json').read_text())['name'], 't')

    @unittest.skipUnless(HAS_RUNTIME, 'onnxruntime is not installed')
    def test_the_cpu_is_asked_and_what_is_absent_is_said(self):
        self.write(device('cpu0', 'cpu', note='kept'), device('gpu0', 'nowhere', 'gpu'), device('npu0', '', 'npu'))
        status, out, err = run('target', 't.json', '--probe=m.onnx', '-o', 'asked.json', cwd=SCRATCH)
        self.assertEqual((status, err), (0, ''))
        self.assertRegex(out, r'\n  cpu0 +cpu  onnxruntime [\d.]+\S* +3 +0 +0 +0\n')
        self.assertRegex(out, r'\nnot asked: gpu0: this ONNX Runtime lacks the provider nowhere \(it has cpu')
        self.assertIn('\nnot asked: npu0: the target names no runtime.provider for it\n', out)
        self.assertEqual(json.loads((SCRATCH / 'asked.json').read_text()), json.loads((SCRATCH / 't.json').read_text()))
        status, out, err = run('target', 't.json', '--probe=m.onnx', '--json', cwd=SCRATCH)
        report = json.loads(out)
        self.assertEqual((status, report['schema'], report['devices'][0]['taken']), (0, 'allot.probe/1', 3))
        self.assertIn('why', report['devices'][1])
        # Without -o the machine is printed, and the rest goes elsewhere.
        status, out, err = run('target', 't.json', '--probe=m.onnx', cwd=SCRATCH)
        self.assertEqual((status, json.loads(out)['name']), (0, 't'))
        self.assertIn('not asked: gpu0', err)

    @unittest.skipUnless(HAS_RUNTIME, 'onnxruntime is not installed')
    def test_what_nobody_can_be_asked_of_is_one_error_and_nothing_is_written(self):
        def refused(pattern, *arguments):
            status, out, err = run('target', *arguments, '-o', 'none.json', cwd=SCRATCH)
            self.assertEqual((status, out), (1, ''))
            self.assertRegex(err, f'^error: {pattern}[^\n]*\n$')
            self.assertFalse((SCRATCH / 'none.json').exists())

        self.write(device('gpu0', 'nowhere', 'gpu'))
        refused('no device of target t can be asked here: gpu0: this ONNX Runtime lacks', 't.json', '--probe=m.onnx')
        self.write(device('cpu0', 'cpu'))
        refused('no device of target t can be asked here: cpu0: onnxruntime does not load the model there: .*Nonsense', 't.json', '--probe=bad.onnx')
        refused(r'none\.onnx: there is no such file', 't.json', '--probe=none.onnx')
        refused("--target=nowhere: ", 'nowhere')
        refused('no machine given; usage: allot target FILE', )
        (SCRATCH / 'odd.json').write_text('{}')
        refused(r'odd\.json: ', 'odd.json', '--probe=m.onnx')

    @unittest.skipUnless(importlib.util.find_spec('openvino') or HAS_RUNTIME and 'OpenVINOExecutionProvider' in __import__('onnxruntime').get_available_providers(),
                         'neither openvino nor onnxruntime-openvino is installed')
    def test_openvino_is_asked_and_planning_heeds_it(self):
        self.write(device('cpu0', 'cpu'), device('fast', 'openvino', note='kept', flops={'default': '600G'}),
                   rules=[{'forbid': 'fast', 'op': 'Old', 'note': 'asked of something older'}])
        status, out, err = run('target', 't.json', '--probe=m.onnx', '-o', 'ov.json', cwd=SCRATCH)
        self.assertEqual(status, 0, err)
        machine = json.loads((SCRATCH / 'ov.json').read_text())
        self.assertFalse(any(rule['op'] == 'Old' for rule in machine['rules']))
        self.assertRegex(out, r'\n  fast +openvino +(onnxruntime|openvino) ')
        subprocess.run([ALLOT, 'm.onnx', '--target=ov.json', '--quiet', '-o', 'planned'], cwd=SCRATCH, check=True)
        plan = json.loads((SCRATCH / 'planned/plan.json').read_text())
        self.assertTrue(all(rule['note'].startswith('asked of ') for rule in machine['rules']))
        on = {one['name']: one['device'] for one in plan['nodes']}
        self.assertEqual([rule['op'] for rule in machine['rules']], ['Unique'] if re.search('fast +openvino +onnxruntime', out) else [])
        if machine['rules']:
            self.assertEqual(on['uni'], 'cpu0')


if __name__ == '__main__':
    unittest.main()
