"""Two hosts of two devices, joined by a slow link: layers are divided inside of a host, ranges of layers go across, and that is
measured to be better than layers divided over all four devices."""

import json
import subprocess
import unittest

from namespaces import Hosts, why_not
from placed_models import BUILD, Run, RunTest, make_scratch, program, read

SCRATCH = make_scratch('width-inside-hosts')
WHY_NOT = why_not()
RATE, LINK = '100mbit', '0.0125GB/s'
HOSTS = {'a': ('a0', 'a1'), 'b': ('b0', 'b1')}
SIZES = ('--dim', 'batch=1,tokens=64,past=0')
TOKENS, WIDTH, WORD = 64, 256, 4


def target(latency_us):
    """Equal processors that hold a third of the model each: within a host over memory, else over the link."""
    devices = [{'name': name, 'kind': 'cpu', 'memory': '15MB', 'flops': {'default': '20G'}, 'memory_bandwidth': '5GB/s', 'host': host,
                'part_cost_us': 100, 'op_cost_us': 5, 'runtime': {'provider': 'cpu', 'threads': 1}}
               for host, names in HOSTS.items() for name in names]
    links = [{'from': name, 'to': f'memory-{host}', 'bandwidth': '5GB/s', 'latency_us': 20} for host, names in HOSTS.items() for name in names]
    between = {'from': 'memory-a', 'to': 'memory-b', 'bandwidth': LINK, 'latency_us': latency_us}
    return {'schema': 'allot.target/1', 'name': 'two-by-two', 'devices': devices,
            'topology': {'switches': ['memory-a', 'memory-b'], 'links': [*links, between]}}


@unittest.skipIf(WHY_NOT, WHY_NOT)
class WidthInsideHosts(RunTest):
    scratch = SCRATCH

    @classmethod
    def setUpClass(cls):
        cls.hosts = Hosts(2, RATE)
        cls.hosts.__enter__()
        cls.addClassCleanup(cls.hosts.__exit__)
        cls.agent = SCRATCH / 'agent.sh'
        cls.hosts.write_agent(cls.agent)
        cls.hostfile = SCRATCH / 'hosts'
        cls.hostfile.write_text(''.join(f'{name} devices={",".join(devices)}\n' for name, devices in zip(cls.hosts.names, HOSTS.values())))
        cls.model = SCRATCH / 'decoder.onnx'
        subprocess.run([BUILD / 'allot', 'make-model', 'decoder-small', cls.model], check=True, stdout=subprocess.DEVNULL)
        cls.described = SCRATCH / 'target.json'
        cls.described.write_text(json.dumps(target(cls.hosts.latency_us())))

    def planned(self, width):
        """The manifest of a plan with that width."""
        out = SCRATCH / f'width-{width}'
        subprocess.run([BUILD / 'allot', self.model, f'--target={self.described}', f'--tensor-width={width}', '--work=100000', *SIZES, '-o', out,
                        '--emit=parts,manifest', '--quiet'], check=True, capture_output=True)
        return out / 'manifest.json'

    def measured(self, manifest):
        run = Run(SCRATCH, manifest, f'--hosts={self.hostfile}', '--json', '--samples=4', '--check', '--tolerance=1e-4', *SIZES,
                  words=self.hosts.inside(0, program('run')), env={'OMPI_MCA_plm_rsh_agent': str(self.agent)}, group=True)
        status = run.end()
        self.assertEqual((status, run.stderr), (0, ''))
        report = json.loads(run.stdout)
        self.assertGreater(report['check']['compared'], 0)
        return report

    @staticmethod
    def across(report):
        """Bytes of a sample that go from host to host."""
        return sum(link['bytes'] for link in report['links'] if link['hosts'][0] != link['hosts'][1])

    def test_width_stays_inside_and_ranges_go_across(self):
        chosen, over_all = self.planned('auto'), self.planned(4)
        manifest = read(chosen)
        # Within a host both devices compute; over the link goes what a range of layers gives, once, and the positions and masks
        # that layers share, not the sums of slices.
        self.assertEqual({part['device'] for part in manifest['parts']}, {name for names in HOSTS.values() for name in names})
        inside, wide = self.measured(chosen), self.measured(over_all)
        self.assertLess(self.across(inside), 4 * TOKENS * WIDTH * WORD)
        self.assertGreater(self.across(wide), 10 * self.across(inside))
        for name, report in (('inside', inside), ('over all', wide)):
            print(f"{name}: predicted {report['predicted_us'] / 1000:.1f} ms, measured {report['measured_us'] / 1000:.1f} ms, "
                  f"{self.across(report):.0f} bytes across")
        self.assertLess(2 * inside['predicted_us'], wide['predicted_us'])
        self.assertLess(1.5 * inside['measured_us'], wide['measured_us'])


if __name__ == '__main__':
    unittest.main()
