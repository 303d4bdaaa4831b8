"""What the programs share: places to write to, folders that go, texts, statistics."""

import os
import re
import unittest

from programs import scratch_folder

from allot.errors import RunError
from allot.support.files import check_writable
from allot.support.statistics import median, quantile, spread, summarise, value_range
from allot.support.temporary_folder import temporary_folder
from allot.support.text import duration, one_line, percent, table

SCRATCH = scratch_folder('files')


class Files(unittest.TestCase):
    def test_whether_a_file_can_be_written_is_known_before(self):
        for path, why in ((SCRATCH, 'it is a folder'), (SCRATCH / 'no-folder/x', 'No such file')):
            with self.assertRaisesRegex(RunError, f'^cannot write {re.escape(str(path))}: .*{why}'):
                check_writable(str(path))
        check_writable(str(SCRATCH / 'new'))
        self.assertFalse((SCRATCH / 'new').exists())

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
