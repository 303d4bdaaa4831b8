"""Machines: built in, read, this one, and described in code."""

import pathlib
import tempfile
import unittest

import allot
from models import two_branches


def mine():
    return (allot.Target('mine')
            .add_cpu('cpu0', memory='64GiB', flops='1.7T', memory_bandwidth='51GB/s')
            .add_gpu('gpu0', memory='10GiB', flops={'float32': '30T', 'default': '15T'}, memory_bandwidth='760GB/s', op_cost_us=4)
            .add_gpu('gpu1', memory=8 << 30, flops=8e12, memory_bandwidth=3e11)
            .add_switch('pcie')
            .link('cpu0', 'pcie', bandwidth='25GB/s', latency_us=5)
            .link('pcie', 'gpu0', bandwidth='25GB/s', latency_us=5)
            .link('pcie', 'gpu1', bandwidth='12GB/s', latency_us=5, duplex='half')
            .add_rule(pin='gpu1', name='tanh'))


class Targets(unittest.TestCase):
    def test_are_built_in(self):
        names = allot.Target.builtin_names()
        self.assertIn('cpu-2gpu', names)
        for name in names:
            self.assertEqual(allot.Target.builtin(name).name, name)
        with self.assertRaisesRegex(allot.InvalidInput, 'cpu-2gpu'):
            allot.Target.builtin('cpu-2gpus')

    def test_are_this_machine(self):
        self.assertEqual(allot.Target.host([1]).devices[0], 'cpu0')
        with self.assertRaisesRegex(allot.InvalidInput, 'host'):
            allot.Target.host([100000])

    def test_are_described_in_code(self):
        target = mine()
        self.assertEqual(target.devices, ['cpu0', 'gpu0', 'gpu1'])
        described = target.to_json()
        self.assertEqual([device['runtime'].get('ordinal', 0) for device in described['devices']], [0, 0, 1])
        self.assertEqual(described['devices'][2]['memory'], '8GiB')
        plan = allot.load(two_branches()).plan(target)
        self.assertEqual({node.device for node in plan.nodes if node.name == 'tanh'}, {'gpu1'})
        self.assertEqual(plan.value_ps, allot.load(two_branches()).plan(described).value_ps)

    def test_go_to_files_and_back(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'mine.json'
            mine().save(path)
            read = allot.Target.from_json(path)
            self.assertEqual(read.to_json(), mine().to_json())
            self.assertEqual(read, allot.Target.from_json(mine().to_json()))
            self.assertEqual(allot.load(two_branches()).plan(path).value_ps, allot.load(two_branches()).plan(read).value_ps)
            path.write_text('{"schema"')
            with self.assertRaisesRegex(allot.InvalidInput, str(path)):
                allot.Target.from_json(path)
            with self.assertRaisesRegex(allot.InvalidInput, 'cannot be read'):
                allot.Target.from_json(path.parent / 'none.json')

    def test_that_are_wrong_are_refused_by_the_library(self):
        wrong = allot.Target('mine').add_cpu('cpu0', memory=-1, flops='1T', memory_bandwidth='1GB/s', memroy=3)
        with self.assertRaisesRegex(allot.InvalidInput, r'mine: devices\[0\].*memory') as caught:
            wrong.to_json()
        self.assertEqual(len(caught.exception.diagnostics), 2)
        with self.assertRaisesRegex(allot.InvalidInput, 'nowhere'):
            mine().link('cpu0', 'nowhere', bandwidth='1GB/s').to_json()
        with self.assertRaisesRegex(allot.InvalidInput, 'as JSON'):
            mine().add_rule(pin=object()).to_json()


if __name__ == '__main__':
    unittest.main()
