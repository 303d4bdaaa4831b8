"""Two hosts as network namespaces, joined by 1 Gbit/s: outputs, the prediction, the link, and what goes wrong."""

import json
import os
import shutil
import signal
import time
import unittest

from hosts_models import plan
from namespaces import Hosts, why_not
from placed_models import BUILD, Run, RunTest, edit, is_alive, make_scratch, program, read, until

SCRATCH = make_scratch('hosts')
WHY_NOT = why_not()
LINK = '0.125GB/s'
TRIES = 4  # for a stretch of time in which others leave this machine alone


@unittest.skipIf(WHY_NOT, WHY_NOT)
class TwoHosts(RunTest):
    scratch = SCRATCH

    @classmethod
    def setUpClass(cls):
        cls.hosts = Hosts(2, '1gbit')
        cls.hosts.__enter__()
        cls.addClassCleanup(cls.hosts.__exit__)
        cls.agent = SCRATCH / 'agent.sh'
        cls.hosts.write_agent(cls.agent)
        cls.latency_us = cls.hosts.latency_us()
        cls.aware = plan(BUILD / 'allot', SCRATCH, 'aware', LINK, cls.latency_us)
        cls.blind = plan(BUILD / 'allot', SCRATCH, 'blind', '25GB/s', cls.latency_us)
        cls.hostfile = SCRATCH / 'hosts'
        cls.hostfile.write_text(''.join(f'{name} devices={device}\n' for name, device in zip(cls.hosts.names, ('first', 'second'))))

    def on_hosts(self, *arguments, hostfile=None, env=None):
        run = Run(SCRATCH, *arguments, f'--hosts={hostfile or self.hostfile}', words=self.hosts.inside(0, program('run')),
                  env={'OMPI_MCA_plm_rsh_agent': str(self.agent), **(env or {})}, group=True)
        self.addCleanup(self.nothing_is_left)
        return run

    def report(self, *arguments, **how):
        run = self.on_hosts(*arguments, '--json', **how)
        status = run.end()
        self.assertEqual((status, run.stderr), (0, ''))
        return json.loads(run.stdout)

    def nothing_is_left(self):
        until(lambda: not self.hosts.processes(0) and not self.hosts.processes(1), 'the end of all processes on the hosts')

    def running(self, *arguments):
        """A long run, once both ranks are under way; and their process ids."""
        run = self.on_hosts(self.aware, '--samples=100000', *arguments)
        pids = until(lambda: (lambda found: found if all(found) else None)([self.hosts.rank(0), self.hosts.rank(1)]), 'the ranks')
        time.sleep(3)
        return run, pids

    def test_outputs_are_those_of_the_whole_model(self):
        for mode in ('latency', 'pipeline'):
            report = self.report(self.aware, f'--mode={mode}', '--samples=8', '--check', '--opt=disabled')
            self.assertEqual((report['check']['tolerance'], report['check']['worst'], report['mode']), (0, 0, mode))
            behind = report['in_flight'] if mode == 'pipeline' else 0
            self.assertEqual(report['check']['compared'], report['samples'] + report['warmup'] + behind)
            self.assertEqual([(host['name'], host['devices']) for host in report['hosts']],
                             [(name, [device]) for name, device in zip(self.hosts.names, ('first', 'second'))])

    def test_lanes_take_turns_on_three_ranks(self):
        other = SCRATCH / 'lanes'
        shutil.copytree(self.aware.parent, other)

        def two_lanes(content):
            third = {**next(device for device in content['devices'] if device['id'] == 'second'), 'id': 'third'}
            parts = [{**part, 'id': f'q{number}', 'device': 'third' if part['device'] == 'second' else part['device']}
                     for number, part in enumerate(content['parts'])]
            content['devices'].append(third)
            content.update(share=2, cycle=3, lanes=[{'share': 1, 'parts': parts, 'transfers': []}])

        edit(other / 'manifest.json', two_lanes)
        hostfile = SCRATCH / 'three'
        hostfile.write_text(f'{self.hosts.names[1]} slots=2\n{self.hosts.names[0]} devices=first\n')
        report = self.report(other / 'manifest.json', '--samples=9', '--check', '--opt=disabled', hostfile=hostfile)
        self.assertEqual([(lane['share'], lane['samples']) for lane in report['lanes']], [(2, 6), (1, 3)])
        self.assertEqual(report['hosts'], [{'name': self.hosts.names[1], 'devices': ['second', 'third']},
                                           {'name': self.hosts.names[0], 'devices': ['first']}])
        self.assertEqual([(link['from'], link['to'], link['predicted_us'] is None) for link in report['links']],
                         [('first', 'second', False), ('first', 'third', True)])

    def test_the_link_is_what_was_predicted_and_a_plan_that_ignores_it_is_worse(self):
        predicted = read(self.aware)['predicted']['value_us']
        for number in range(TRIES):
            aware = self.report(self.aware, '--samples=150')
            link = aware['links'][0]
            if abs(aware['error']) < 0.2 and abs(link['predicted_us'] / link['measured_us'] - 1) < 0.2:
                break
            print(f"try {number + 1}: {aware['measured_us']:.0f} us for {predicted:.0f}, noise {aware['noise']:.2f}")
        blind = self.report(self.blind, '--samples=60')
        for name, report in (('aware', aware), ('blind', blind)):
            print(f"{name}: predicted {report['predicted_us']:.0f} us, measured {report['measured_us']:.0f} us ({report['error']:+.1%}), "
                  f"noise {report['noise']:.2f}; " + '; '.join(
                      f"link {link['from']} to {link['to']}: {link['bytes']:.0f} bytes, predicted {link['predicted_us']:.0f} us, "
                      f"measured {link['measured_us']:.0f} us" for link in report['links']))
        self.assertEqual((link['from'], link['to'], link['hosts']), ('first', 'second', self.hosts.names))
        self.assertEqual(link['bytes'], sum(transfer['bytes'] for transfer in read(self.aware)['transfers']))
        self.assertLess(abs(link['predicted_us'] / link['measured_us'] - 1), 0.2)
        self.assertLess(abs(aware['error']), 0.2)
        self.assertGreater(blind['measured_us'], 1.5 * aware['measured_us'])

    def test_a_killed_rank_is_one_error(self):
        for host, device in ((1, 'second'), (0, 'first')):
            run, pids = self.running()
            os.kill(pids[host], signal.SIGKILL)
            self.fails(run, f'device {device} on host {self.hosts.names[host]} was killed by SIGKILL')
            until(lambda pids=pids: not any(map(is_alive, pids)), 'the end of the ranks')

    def test_a_stopped_rank_is_one_error(self):
        run, pids = self.running('--stall-timeout=4')
        os.kill(pids[1], signal.SIGSTOP)
        self.fails(run, f'device second on host {self.hosts.names[1]} has not answered for 4 s')

    def test_a_host_that_is_cut_off_is_one_error(self):
        run, _ = self.running('--stall-timeout=4')
        self.hosts.connect(1, False)
        try:
            self.fails(run, f'device second on host {self.hosts.names[1]} has not answered for 4 s|host {self.hosts.names[1]} was lost')
        finally:
            self.hosts.connect(1, True)  # what is left there then sees that nobody is here any more

    def test_an_interrupt_ends_all(self):
        run, pids = self.running()
        run.process.send_signal(signal.SIGTERM)
        self.fails(run, 'interrupted by SIGTERM')
        until(lambda: not any(map(is_alive, pids)), 'the end of the ranks')

    def test_a_host_that_cannot_be_reached(self):
        hostfile = SCRATCH / 'far'
        hostfile.write_text(f'{self.hosts.names[0]} devices=first\n10.77.0.99 devices=second\n')
        self.fails(self.on_hosts(self.aware, hostfile=hostfile), 'host 10.77.0.99 cannot be reached.*No route to host')

    def test_a_part_that_is_damaged_on_its_host(self):
        other = SCRATCH / 'damaged'
        shutil.copytree(self.aware.parent, other)
        file = other / next(part['file'] for part in read(self.aware)['parts'] if part['device'] == 'second')
        file.write_bytes(file.read_bytes()[:-1])
        self.fails(self.on_hosts(other / 'manifest.json'), f'device second on host {self.hosts.names[1]}: .*the file is not the one')
