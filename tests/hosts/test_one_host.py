"""Ranks of this machine alone, and all that is said before a rank starts."""

import os
import pathlib
import shutil
import stat
import subprocess
import sys
import unittest

from hosts_models import plan
from placed_models import BUILD, ON_LINUX, RunTest, edit, make_models, make_scratch, place, until

from allot.errors import RunError
from allot.running.manifest import DeviceHint
from allot.running.mpi.clocks import in_first_clock
from allot.running.mpi.hostfile import HostDevices, assign_devices, read_hostfile
from allot.running.mpi.links import Travel, travel_times

SCRATCH = make_scratch('one-host')
HAS_MPI = shutil.which('mpirun') is not None and subprocess.run([sys.executable, '-c', 'import mpi4py'], capture_output=True,
                                                                check=False).returncode == 0


def hostfile(text):
    path = SCRATCH / 'hostfile'
    path.write_text(text)
    return str(path)


class Hostfiles(unittest.TestCase):
    def assigned(self, text, *devices):
        path = hostfile(text)
        hints = [device if isinstance(device, DeviceHint) else DeviceHint(device, 'cpu') for device in devices]
        return assign_devices(path, read_hostfile(path), hints)

    def test_devices_go_where_they_are_said_to_be(self):
        self.assertEqual(self.assigned('b devices=y\na slots=2 # two\n\n', 'x', 'y', 'z'),
                         [HostDevices('b', ('y',)), HostDevices('a', ('x', 'z'))])
        self.assertEqual(self.assigned('a\nb\nc\n', 'x', 'y'), [HostDevices('a', ('x',)), HostDevices('b', ('y',))])
        self.assertEqual(self.assigned('a\nb\n', DeviceHint('x', 'cpu', host='b'), 'y'),
                         [HostDevices('a', ('y',)), HostDevices('b', ('x',))])
        self.assertEqual(self.assigned('a devices=x,other\n', 'x'), [HostDevices('a', ('x',))])

    def test_mistakes_are_named_with_their_line(self):
        for text, devices, message in (
                ('', 'x', 'names no host'), ('a\na\n', 'x', ':2: host a is there twice'), ('a slot=2\n', 'x', ":1: 'slot=2' is not known"),
                ('a slots=0\n', 'x', 'expected slots=N'), ('-x\n', 'x', 'no name or address'), ('a devices=x,\n', 'x', 'each name once'),
                ('a devices=x\nb devices=x\n', 'x', ':2: device x is on hosts a and b'), ('a\n', 'xy', 'no host is left for device y'),
                ('a slots=1 devices=x,y\n', 'xy', 'slots=1 and 2 devices')):
            with self.subTest(text=text), self.assertRaisesRegex(RunError, message):
                self.assigned(text, *devices)
        with self.assertRaisesRegex(RunError, "device x is in host gpu-1, which has no line; did you mean 'gpu1'"):
            self.assigned('gpu1\n', DeviceHint('x', 'cpu', host='gpu-1'))


class Figures(unittest.TestCase):
    def test_clocks_that_drift(self):
        # The other clock is 1 ms ahead at first, 3 ms after a second.
        before, after = (0, 1_000_000), (1_000_000_000, 3_000_000)
        self.assertAlmostEqual(in_first_clock(1_000_000, before, after), 0, delta=3)
        self.assertAlmostEqual(in_first_clock(1_003_000_000, before, after), 1e6, delta=5)

    def test_a_tensor_waits_for_the_one_before_it(self):
        times = travel_times([Travel(0, 'a', 'x', 'y', 1, 0, 10), Travel(0, 'b', 'x', 'y', 1, 1, 15), Travel(0, 'c', 'y', 'x', 1, 1, 4)])
        self.assertEqual([(one.tensor, took) for one, took in times], [('c', 3), ('a', 10), ('b', 5)])


class OneHost(RunTest):
    scratch = SCRATCH

    @classmethod
    def setUpClass(cls):
        cls.manifest = plan(BUILD / 'allot', SCRATCH, 'near', '10GB/s', 20)

    @unittest.skipUnless(HAS_MPI, 'there is no mpirun or mpi4py')
    def test_outputs_are_those_of_the_whole_model(self):
        report = self.json(self.manifest, f"--hosts={hostfile('localhost slots=2')}", '--samples=6', '--check', '--opt=disabled',
                           f"--trace={SCRATCH / 'trace.json'}")
        self.assertEqual((report['schema'], report['check']['worst'], report['hosts']),
                         ('allot.run/1', 0, [{'name': 'localhost', 'devices': ['first', 'second']}]))
        self.assertEqual(len(report['links']), 1)
        text = self.succeeds(self.manifest, f"--hosts={hostfile('localhost slots=2')}", '--samples=6')
        self.assertIn('first to second', text)
        self.assertIn('localhost runs first second', text)

    @unittest.skipUnless(HAS_MPI, 'there is no mpirun or mpi4py')
    def test_tensors_of_all_kinds_travel(self):
        """Text, sequences, halves and quarters of bytes, nothing at all, shapes that depend on data."""
        local, (scratch, models) = hostfile('localhost slots=2'), make_models('mpi')
        for name, model in models.items():
            with self.subTest(model=name):
                manifest = place(scratch, model, 'throughput')
                report = self.json(manifest, f'--hosts={local}', '--default-dim=3', '--samples=3', '--check', '--opt=disabled')
                self.assertEqual(report['check']['worst'], 0)
                self.assertGreater(len(report['links']), 0)

    @ON_LINUX
    @unittest.skipUnless(HAS_MPI and os.geteuid() == 0, 'needs mpirun, mpi4py and root')
    def test_what_listens_is_in_a_network_of_its_own(self):
        run = self.run_(self.manifest, f"--hosts={hostfile('localhost slots=2')}", '--samples=200')

        def inside():
            """Interfaces that mpirun sees, once it runs."""
            for pid in run.workers():
                try:
                    if 'mpirun' in pathlib.Path(f'/proc/{pid}/cmdline').read_text().split('\0')[0]:
                        table = pathlib.Path(f'/proc/{pid}/net/dev').read_text().split('\n')
                        return [line.split(':')[0].strip() for line in table[2:] if line]
                except OSError:
                    continue
            return None

        self.assertEqual(until(inside, 'mpirun'), ['lo'])
        self.assertEqual(run.end(), 0)

    def test_what_is_refused(self):
        local = hostfile('localhost slots=2')
        for arguments, message in ((['--steps=3'], 'leave out --hosts'), (['--whole=first'], 'leave out --hosts'),
                                   (['--annotated'], 'leave out --hosts')):
            self.fails(self.run_(self.manifest, f'--hosts={local}', *arguments), message)
        self.fails(self.run_(self.manifest, '--hosts=/nowhere'), 'No such file')

    def test_without_mpirun(self):
        self.fails(self.run_(self.manifest, f"--hosts={hostfile('localhost slots=2')}", env={'PATH': str(SCRATCH)}), 'openmpi-bin')

    @unittest.skipUnless(HAS_MPI, 'there is no mpirun or mpi4py')
    def test_hosts_that_lack_something(self):
        agent = SCRATCH / 'agent.sh'
        text = hostfile('192.0.2.77 slots=2\n')
        for answer, message in (('echo no-mpi4py', 'python3-mpi4py'), ('echo no-onnxruntime', 'pip install onnxruntime'),
                                ('echo no-interface', 'no interface'), ('echo refused >&2; exit 255', 'cannot be reached.*refused')):
            agent.write_text(f'#!/bin/sh\n{answer}\n')
            os.chmod(agent, os.stat(agent).st_mode | stat.S_IXUSR)
            run = self.run_(self.manifest, f'--hosts={text}', env={'OMPI_MCA_plm_rsh_agent': str(agent)})
            self.fails(run, f'host 192.0.2.77.*{message}')
        local = hostfile('localhost devices=first\n192.0.2.77 devices=second\n')
        self.fails(self.run_(self.manifest, f'--hosts={local}'), 'host localhost is 127.0.0.1 here, where other hosts do not reach it')

    def test_a_manifest_may_name_hosts(self):
        other = SCRATCH / 'named'
        shutil.copytree(self.manifest.parent, other)
        edit(other / 'manifest.json', lambda content: content['devices'][0].update(host='-oProxyCommand=x'))
        self.fails(self.run_(other / 'manifest.json'), 'device first: host: expected the name')
