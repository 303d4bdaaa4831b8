"""A part on a worker: what is bound to shared memory and what is copied, and that both hold what the part makes."""

import os
import unittest

import numpy
import onnxruntime

from onnx_bytes import onnx_model
from placed_models import make_scratch

from allot.errors import RunError
from allot.running.part_session import PartSession
from allot.running.runtime import SessionSettings, make_session
from allot.running.shared_memory import SharedMemory, create_shared_memory
from allot.running.tensor_store import TensorStore

SCRATCH = make_scratch('part')


class Parts(unittest.TestCase):
    def setUp(self):
        self.descriptor = create_shared_memory()
        self.addCleanup(os.close, self.descriptor)
        self.memory = SharedMemory(self.descriptor)
        self.store = TensorStore(onnxruntime, self.memory)

    def session(self, **model):
        path = SCRATCH / 'part.onnx'
        path.write_bytes(onnx_model(**model))
        settings = SessionSettings(threads=1)
        return PartSession(onnxruntime, make_session(onnxruntime, str(path), settings), settings, self.store)

    def give(self, region, values):
        array = numpy.float32(values)
        self.memory.write(region, array.reshape(-1).view('uint8'))
        return 'float32', list(array.shape), array.nbytes, region

    def floats(self, region, count):
        return numpy.frombuffer(self.memory.read(region, 4 * count), 'float32').tolist()

    def test_an_output_is_written_where_it_lies_once_its_shape_is_known(self):
        part = self.session(nodes=[{'op': 'Neg', 'inputs': ['x'], 'outputs': ['y']}], inputs=[('x', 'n')], outputs=[('y', 'n')])
        written = []
        self.store.write = lambda region, value, write=self.store.write: (written.append(region), write(region, value))[1]
        for region, values in enumerate(([1, 2], [3, 4], [5, 6, 7], [8, 9, 10], [11, 12])):
            made, times = part.run([('x', f'{region} x', 1, *self.give(region, values))], [('y', 'y', 100 + region % 2, 0, None, 0)])
            self.assertEqual(made, [['float32', [len(values)], 4 * len(values)]])
            self.assertEqual(self.floats(100 + region % 2, len(values)), [-value for value in values])
            self.assertEqual(times, sorted(times))
        # Copied are the first of each shape only.
        self.assertEqual(written, [100, 100])

    def test_a_shape_that_depends_on_data_is_copied(self):
        part = self.session(nodes=[{'op': 'Unique', 'inputs': ['x'], 'outputs': ['y']}], inputs=[('x', 4)], outputs=[('y', 'm')])
        for turn, values in enumerate(([1, 3, 1, 3], [1, 3, 1, 3], [5, 5, 5, 5], [4, 1, 2, 3], [1, 1, 2, 3])):
            made, _ = part.run([('x', 'x', 1, *self.give(turn, values))], [('y', 'y', 100, 0, None, 0)])
            once = sorted(set(values))
            self.assertEqual((made, self.floats(100, len(once))), ([['float32', [len(once)], 4 * len(once)]], once))

    def test_what_stays_is_taken_as_often_as_it_was_said(self):
        part = self.session(nodes=[{'op': 'Neg', 'inputs': ['x'], 'outputs': ['y']}], inputs=[('x', 2)], outputs=[('y', 2)])
        part.run([('x', '0 x', 1, *self.give(0, [1, 2]))], [('y', '0 y', None, 2, '1 y', 1)])
        nothing = ('float32', [2], 8, 700)  # behind all that was ever written
        for key in ('0 y', '0 y', '1 y'):
            part.run([('x', key, 1, *nothing)], [('y', 'z', 100, 0, None, 0)])
            self.assertEqual(self.floats(100, 2), [1, 2])
        with self.assertRaisesRegex(RunError, 'region 700 ends before 8 bytes'):
            part.run([('x', '0 y', 1, *nothing)], [('y', 'z', 100, 0, None, 0)])
        part.run([('x', '0 x', 1, *self.give(0, [1, 2]))], [('y', '0 y', None, 2, None, 0)])
        self.store.forget()
        with self.assertRaisesRegex(RunError, 'region 700'):
            part.run([('x', '0 y', 1, *nothing)], [('y', 'z', 100, 0, None, 0)])

    def test_errors_are_those_of_the_runtime(self):
        part = self.session(nodes=[{'op': 'Neg', 'inputs': ['x'], 'outputs': ['y']}], inputs=[('x', 2)], outputs=[('y', 2)])
        for _ in range(2):
            with self.assertRaisesRegex(RunError, r'Got invalid dimensions for input: x'):
                part.run([('x', 'x', 1, *self.give(0, [1, 2, 3]))], [('y', 'y', 100, 0, None, 0)])
        part.run([('x', 'x', 1, *self.give(0, [1, 2]))], [('y', 'y', 100, 0, None, 0)])
        self.assertEqual(self.floats(100, 2), [-1, -2])


if __name__ == '__main__':
    unittest.main()
