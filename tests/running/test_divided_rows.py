"""A network whose rows are divided, on two workers: right outputs, and the words that the division says, link by link."""

import unittest
from unittest import mock

from divided_rows import BATCH, NETWORKS, divide, moved_words, planned_words
from placed_models import RunTest, make_scratch

from allot.running import plan_run
from allot.running.dataflow import transfers
from allot.running.manifest import read_manifest
from allot.running.run_options import RunOptions

SCRATCH = make_scratch('rows')
DEVICES = ('left', 'right')


class DividedRows(RunTest):
    scratch = SCRATCH

    def moved(self, manifest):
        """(tensor, from, to) -> bytes of a sample, as workers said."""
        seen = {}

        class Watching(plan_run.Conductor):
            def __init__(self, workers, flow, in_flight, inputs, on_sample):
                def watch(sample):
                    for one in transfers(flow):
                        seen.setdefault((one.tensor, one.source, one.destination), set()).add(sample.values[one.tensor][2])
                    on_sample(sample)

                super().__init__(workers, flow, in_flight, inputs, watch)

        with mock.patch.object(plan_run, 'Conductor', Watching):
            plan_run.run_plan(read_manifest(str(manifest)), RunOptions(samples=3, level='disabled', dims={'batch': BATCH}))
        self.assertTrue(all(len(sizes) == 1 for sizes in seen.values()))
        return {key: sizes.pop() for key, sizes in seen.items()}

    def test_words_that_move_are_those_of_the_division(self):
        for network in NETWORKS:
            with self.subTest(network=network):
                manifest = divide(SCRATCH, network, DEVICES)
                planned, gathered = planned_words(manifest, DEVICES)
                self.assertEqual(len(planned), 2, 'each part sends something')
                moved, _ = moved_words(self.moved(manifest))
                # What is joined goes to the first part, on top.
                planned['right', 'left'] += gathered
                self.assertEqual(moved, planned)

    def test_outputs_are_those_of_the_whole_model(self):
        for network in NETWORKS:
            with self.subTest(network=network):
                report = self.json(divide(SCRATCH, network, DEVICES), '--samples=6', '--check', '--tolerance=1e-4')
                self.assertEqual([device['id'] for device in report['devices']], list(DEVICES))
                self.assertGreater(report['check']['compared'], 0)


if __name__ == '__main__':
    unittest.main()
