"""Memory that workers share: regions of any size, far apart, in a file without a name."""

import os
import unittest
from unittest import mock

from placed_models import make_scratch

from allot.errors import RunError
from allot.running.channel import Unpacker, pack
from allot.running.cores import core_list, why_no_core_list
from allot.running.shared_memory import REGION, SharedMemory, create_shared_memory

SCRATCH = make_scratch('memory')


class Regions(unittest.TestCase):
    def test_regions(self):
        for folder in ('/dev/shm', str(SCRATCH / 'no-such-folder')):
            with self.subTest(folder), mock.patch.dict(os.environ, {'TMPDIR': str(SCRATCH)}):
                descriptor = create_shared_memory(folder)
                self.assertEqual(os.listdir(SCRATCH), [])
                memory = SharedMemory(descriptor)
                content = [bytes((i * 7 + j) % 251 for j in range(i * 1000)) for i in range(40)]
                for region, data in enumerate(content):
                    memory.write(region, data)
                other = SharedMemory(descriptor)  # as another process sees it
                for region, data in enumerate(content):
                    self.assertEqual((memory.read(region, len(data)), other.read(region, len(data))), (data, data))
                memory.write(3, b'shorter')
                self.assertEqual(other.read(3, 7), b'shorter')
                before = other.view(3, 7)
                memory.write(3, bytes(10000000))  # one that grows, while somebody looks
                self.assertEqual((other.read(3, 10000000), bytes(before)), (bytes(10000000), bytes(7)))
                self.assertLess(os.fstat(descriptor).st_blocks * 512, 1 << 26, 'what lies between is not stored')
                self.assertEqual(len(other.view(7, 0)), 0)
                with self.assertRaisesRegex(RunError, 'region 5000 ends before 1 bytes'):
                    memory.read(5000, 1)
                os.close(descriptor)

    def test_no_room(self):
        file = SCRATCH / 'full'
        file.write_bytes(b'')
        descriptor = os.open(file, os.O_RDONLY)
        memory = SharedMemory(descriptor)
        for region, size, message in (
                (0, 10, r'\Ano room for 10 bytes in memory shared by workers \(EBADF\); lower --in-flight\Z'),
                (1 << 16, 10, r'\A65536 tensors in flight are more than the runner can hold; lower --in-flight\Z'),
                (0, 1 << 40, r'\Aa tensor of 1099511627776 bytes is larger than the runner can pass on \(' + str(REGION))):
            with self.assertRaisesRegex(RunError, message):
                memory.reserve(region, size)
        os.close(descriptor)
        file.unlink()
        with mock.patch.dict(os.environ, {'TMPDIR': str(SCRATCH / 'gone')}), \
                self.assertRaisesRegex(RunError, r'\Acannot make shared memory in .*gone: No such file'):
            create_shared_memory(str(SCRATCH / 'no-such-folder'))


class Messages(unittest.TestCase):
    def test_messages_come_whole_however_they_are_cut(self):
        messages = [[1, 'run', 'p0', [['x', '0 x', 1, 'float32', [1, 3], 12, 0]]], [2, None, 'error ü'], [], 'x' * 100000]
        data = b''.join(map(pack, messages))
        for step in (1, 3, 7, 4096, len(data)):
            unpacker, found = Unpacker(), []
            for at in range(0, len(data), step):
                found += unpacker.feed(data[at:at + step])
            self.assertEqual(found, messages)


class Cores(unittest.TestCase):
    def test_lists_of_cores(self):
        self.assertEqual((core_list('0-2,5'), core_list('7'), core_list(''), core_list(None)), ([0, 1, 2, 5], [7], [], []))
        for text in ('0', '0-3,8', '', None):
            self.assertIsNone(why_no_core_list(text))
        for text in ('0-4000000000', '5-3', 'x', '0,', '-1', '1e9', [0], {}, '0-999999999', 3):
            self.assertRegex(why_no_core_list(text), r'\Acores: ')


if __name__ == '__main__':
    unittest.main()
