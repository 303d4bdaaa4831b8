"""A network whose rows are divided, on two hosts as network namespaces: what goes over the link is what the division says."""

import json
import unittest

from divided_rows import NETWORKS, divide, moved_words, planned_words
from namespaces import Hosts, why_not
from placed_models import Run, RunTest, make_scratch, program

SCRATCH = make_scratch('rows-on-hosts')
WHY_NOT = why_not()
DEVICES = ('near', 'far')


@unittest.skipIf(WHY_NOT, WHY_NOT)
class DividedRowsOnTwoHosts(RunTest):
    scratch = SCRATCH

    @classmethod
    def setUpClass(cls):
        cls.hosts = Hosts(2, '1gbit')
        cls.hosts.__enter__()
        cls.addClassCleanup(cls.hosts.__exit__)
        cls.agent = SCRATCH / 'agent.sh'
        cls.hosts.write_agent(cls.agent)
        cls.hostfile = SCRATCH / 'hosts'
        cls.hostfile.write_text(''.join(f'{name} devices={device}\n' for name, device in zip(cls.hosts.names, DEVICES)))

    def report(self, *arguments):
        run = Run(SCRATCH, *arguments, f'--hosts={self.hostfile}', '--json', words=self.hosts.inside(0, program('run')),
                  env={'OMPI_MCA_plm_rsh_agent': str(self.agent)}, group=True)
        status = run.end()
        self.assertEqual((status, run.stderr), (0, ''))
        return json.loads(run.stdout)

    def test_words_over_the_link_are_those_of_the_division(self):
        for network in NETWORKS:
            with self.subTest(network=network):
                manifest = divide(SCRATCH, network, DEVICES, bandwidth='0.125GB/s', latency_us=100)
                planned, gathered = planned_words(manifest, DEVICES)
                report = self.report(manifest, '--samples=4', '--check', '--tolerance=1e-4')
                self.assertGreater(report['check']['compared'], 0)
                bytes_of = {(transfer['tensor'], link['from'], link['to']): int(transfer['bytes'])
                            for link in report['links'] for transfer in link['transfers']}
                self.assertEqual([link['hosts'] for link in report['links']],
                                 [self.hosts.names if link['from'] == 'near' else self.hosts.names[::-1] for link in report['links']])
                moved, _ = moved_words(bytes_of)
                planned['far', 'near'] += gathered
                self.assertEqual(moved, planned)


if __name__ == '__main__':
    unittest.main()
