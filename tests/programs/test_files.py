"""Whole files: what is written appears whole, pipes have an end, and what has none is refused."""

import os
import re
import stat
import subprocess
import unittest

from programs import scratch_folder

from allot.errors import RunError
from allot.support.files import check_writable, read_input, reason, write_whole
from allot.support.statistics import median, quantile, spread, summarise, value_range
from allot.support.temporary_folder import temporary_folder
from allot.support.text import duration, one_line, percent, table

SCRATCH = scratch_folder('files')


class Files(unittest.TestCase):
    def refused(self, path, pattern):
        with self.assertRaises(OSError) as caught:
            read_input(str(path))
        self.assertRegex(reason(caught.exception), pattern)

    def test_files_and_pipes(self):
        file, through = SCRATCH / 'file', SCRATCH / 'through'
        file.write_bytes(b'x' * 1000000)
        self.assertEqual(read_input(str(file)), b'x' * 1000000)
        os.mkfifo(through)
        with subprocess.Popen(['sh', '-c', 'exec 3>"$1"; sleep 0.3; cat "$0" >&3', file, through]) as child:
            self.assertEqual(read_input(str(through)), b'x' * 1000000)
        self.assertEqual(child.returncode, 0)
        self.refused(SCRATCH / 'none', 'No such file')
        self.refused(SCRATCH, 'directory')
        self.refused('/dev/zero', '^is a device, not a file$')
        self.refused('a\0b', 'zero byte')

    def test_nobody_waits_for_a_pipe_that_nobody_writes_to(self):
        os.mkfifo(SCRATCH / 'nobody')
        self.refused(SCRATCH / 'nobody', '^is a pipe that nobody writes to$')

    def test_devices_stay_and_are_written_to(self):
        before = os.stat('/dev/null')
        write_whole('/dev/null', 'text')
        after = os.stat('/dev/null')
        self.assertTrue(stat.S_ISCHR(after.st_mode))
        self.assertEqual(after.st_ino, before.st_ino)
        with self.assertRaisesRegex(RunError, '^cannot write /dev/full: No space left'):
            write_whole('/dev/full', 'text')
        self.assertTrue(stat.S_ISCHR(os.stat('/dev/full').st_mode))

    def test_links_stay_and_files_of_others(self):
        folder = SCRATCH / 'links'
        folder.mkdir()
        for name, text in (('precious', 'mine'), ('out.tmp', 'mine'), ('target', 'old')):
            (folder / name).write_text(text)
        (folder / f'out.{os.getpid()}.tmp').symlink_to('precious')
        (folder / 'out').symlink_to('target')
        write_whole(str(folder / 'out'), 'new')
        self.assertTrue((folder / 'out').is_symlink())
        self.assertEqual([(folder / name).read_text() for name in ('target', 'precious', 'out.tmp')], ['new', 'mine', 'mine'])
        self.assertEqual(len(list(folder.iterdir())), 5)
        with self.assertRaisesRegex(RunError, 'cannot write'):
            write_whole(str(folder / 'no-folder/x'), 'x')
        for path, why in ((folder, 'it is a folder'), (folder / 'no-folder/x', 'No such file')):
            with self.assertRaisesRegex(RunError, f'^cannot write {re.escape(str(path))}: .*{why}'):
                check_writable(str(path))
        check_writable(str(folder / 'new'))
        self.assertFalse((folder / 'new').exists())

    def test_a_temporary_folder_goes_whatever_happens(self):
        with self.assertRaises(ZeroDivisionError), temporary_folder() as folder:
            with open(os.path.join(folder, 'file'), 'w') as file:
                file.write('x')
            raise ZeroDivisionError
        self.assertFalse(os.path.exists(folder))


class Texts(unittest.TestCase):
    def test_figures(self):
        self.assertEqual([duration(us) for us in (None, 0.5, 12.34, 999, 1234, 123456, 2.5e6)], ['-', '0.50 us', '12.3 us', '999 us', '1.23 ms', '123 ms', '2.50 s'])
        self.assertEqual([percent(share) for share in (None, 0.1234, -0.5)], ['-', '12.3 %', '-50.0 %'])
        self.assertEqual(one_line(' a \n\n b\r\n c\x1b[1m '), 'a b c\\x1b[1m')
        self.assertEqual(table([['name', 'n'], ['a', 10], ['long name', 2]]), '  name        n\n  a          10\n  long name   2\n')

    def test_medians_and_their_like(self):
        values = [5, 1, 4, 2, 3]
        self.assertEqual((median(values), quantile(values, 0.25), quantile(values, 1), quantile([], 0.5)), (3, 2, 5, None))
        self.assertEqual((spread(values), value_range(values), spread([]), value_range([0, 0])), ((4 - 2) / 3, 4 / 3, 0, 0))
        self.assertEqual(summarise([1, 3]), {'median': 1, 'p90': 3, 'p99': 3, 'max': 3, 'spread': 2})


if __name__ == '__main__':
    unittest.main()
