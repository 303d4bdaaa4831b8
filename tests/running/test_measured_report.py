"""The measured schedule in the report page beside a manifest."""

import json
import pathlib
import re
import shutil
import types
import unittest

from placed_models import RunTest, make_models, place, read

from allot.running.conductor import PartRun
from allot.running.measured_report import measured_schedule, write_measured
from allot.running.plan_run import PlanRun

SCRATCH, MODELS = make_models('report')


def measured_in(file):
    text = re.search(r'<script type="application/json" id="measured">(.*?)</script>', file.read_text(), re.DOTALL).group(1)
    return json.loads(text)


def shown_of(latencies, mode='latency'):
    """Successive samples of one part, with these latencies: (sample, start) of what is shown of them."""
    samples = [types.SimpleNamespace(index=i, begin_us=1000 * i, end_us=1000 * i + latency, runs=[PartRun(0, (1000 * i, 0, 0, 0))])
               for i, latency in enumerate(latencies)]
    run = PlanRun({'mode': mode, 'devices': [], 'parts': []}, samples, types.SimpleNamespace(parts=[None]))
    return [(sample, start) for _, sample, start, *_ in measured_schedule(run)['runs']]


class Pages(RunTest):
    scratch = SCRATCH

    @classmethod
    def setUpClass(cls):
        cls.branches = place(SCRATCH, MODELS['branches'], 'throughput')
        cls.page = cls.branches.parent / 'model.report.html'

    def given(self, *more):
        return (self.branches, '--samples=30', '--dim=batch=1', *more)

    def test_the_page_holds_what_was_measured_and_else_is_what_it_was(self):
        parts = read(self.branches)['parts']
        for mode in ('latency', 'pipeline'):
            before = self.page.read_bytes()
            report = self.json(*self.given(f'--mode={mode}', '--report'))
            measured = measured_in(self.page)

            def without(page):
                return re.sub(rb'id="measured">.*?</script>', b'', page, flags=re.DOTALL)

            self.assertEqual(without(self.page.read_bytes()), without(before))
            self.assertEqual([measured[key] for key in ('schema', 'mode', 'measured_us', 'samples')], ['allot.measured/1', mode, report['measured_us'], 30])
            self.assertEqual([part['id'] for part in measured['parts']], [part['id'] for part in parts])
            # Successive ones, as many on every machine.
            shown = list(dict.fromkeys(sample for _, sample, *_ in measured['runs']))
            count = 15 if mode == 'latency' else 20
            self.assertEqual(shown, list(range(shown[0], shown[0] + count)))
            self.assertEqual(len(measured['runs']), count * len(parts))
            for part, _, start, has_read, computed, end in measured['runs']:
                self.assertTrue(part < len(parts) and start <= has_read <= computed <= end)
            self.assertLess(min(times[2] for times in measured['runs']), report['latency_us']['max'])
            # Leaves nothing else behind.
            self.assertEqual(len(list(self.page.parent.glob('model.report.html*'))), 1)

    def test_latency_is_shown_from_a_typical_sample_on(self):
        self.assertEqual(shown_of([90, 60, 50, 10, 70]), [(1, 0), (2, 1000), (3, 2000)])
        self.assertEqual(shown_of([7]), [(0, 0)])

    def test_however_late_the_typical_samples_come_as_many_are_shown(self):
        late = [900] * 14 + [100] * 16
        self.assertEqual([sample for sample, _ in shown_of(late)], list(range(14, 29)))
        last = [58.5 if i == 59 else 900 if i < 30 else i for i in range(60)]
        self.assertEqual([sample for sample, _ in shown_of(last)], list(range(40, 60)))
        self.assertEqual([sample for sample, _ in shown_of(last, 'pipeline')], list(range(20, 40)))

    def test_names_in_it_are_no_markup(self):
        file = pathlib.Path(shutil.copy(self.page, SCRATCH / 'evil.html'))
        name = '</script><b>'
        write_measured(str(file), {'parts': [{'id': name}]})
        self.assertEqual(measured_in(file)['parts'][0]['id'], name)

    def test_without_a_report_there_is_an_error_before_anything_runs(self):
        self.fails(self.run_(*self.given('--report', '--whole=left')), r'\Aerror: --report shows when parts ran; leave out --annotated and --whole\n\Z')
        content = self.page.read_bytes()
        try:
            self.page.write_text('<html></html>')
            self.fails(self.run_(*self.given('--report')), r'model\.report\.html: not a report as allot writes it; write it again with allot\n\Z')
            self.page.unlink()
            self.fails(self.run_(*self.given('--report')), r'model\.report\.html: there is no such file; write it with allot \(its output "report"\)\n\Z')
        finally:
            self.page.write_bytes(content)


if __name__ == '__main__':
    unittest.main()
