"""Reading tables of costs back."""

import os
import unittest

from programs import scratch_folder

from allot.errors import InvalidInput
from allot.profiling.costs_table import CostRow, parse_costs, print_costs, read_costs


class CostsTable(unittest.TestCase):
    def test_tables_are_read_back_as_they_were_written(self):
        rows = [CostRow('op', 'a', 1.25, node='a "b", c\nd#', fused_into='x,y'), CostRow('transfer', 'a', 3, to='b', bytes='4096'),
                CostRow('op', 'a', 0.0004, node=' space ')]
        text = print_costs(['a comment', 'another\nline'], rows)
        self.assertTrue(text.startswith('# a comment\n# another line\nwhat,node,device,to,bytes,time_us,fused_into\n'))
        self.assertIn('\ntransfer,,a,b,4096,3,\n', text)
        self.assertEqual(parse_costs(text, 't.csv'), [*rows[:2], CostRow('op', 'a', 0, node=' space ')])
        self.assertEqual(parse_costs(text.replace('\n', '\r\n').replace('c\r\nd', 'c\nd'), 't.csv')[0], rows[0])

    def test_short_lines_other_columns_and_comments_in_between(self):
        text = 'time_us, node ,device,more\n1,a,d\n\n# no row\n2,b,d,x,y\n'
        self.assertEqual(parse_costs(text, 't.csv'), [CostRow('op', 'd', 1, node='a'), CostRow('op', 'd', 2, node='b')])

    def test_damaged_tables_are_refused_with_their_place(self):
        for text, error in (
                ('', r't\.csv: the header has no column node'), ('node,device\n', 'no column time_us'),
                ('# c\nnode,device,time_us\na,b,1\na,b,x\n', r'^t\.csv:4: time_us "x"'), ('node,device,time_us\na,b,-1\n', r't\.csv:2'),
                ('node,device,time_us\na,b,\n', r't\.csv:2'), ('node,device,time_us\na,b,nan\n', r't\.csv:2'),
                ('node,device,time_us\n"a\nb",b,1\nc,d,1_0\n', r't\.csv:4'),
                ('node,device,time_us\n"a,b,1\n', r't\.csv:2: a quoted field has no end')):
            with self.assertRaisesRegex(InvalidInput, error):
                parse_costs(text, 't.csv')

    def test_files_that_are_none(self):
        folder = scratch_folder('costs')
        os.mkfifo(folder / 'nobody')
        for path, error in ((folder / 'none.csv', 'No such file'), ('/dev/null', 'is a device, not a file'), (folder, 'directory'),
                            (folder / 'nobody', 'is a pipe that nobody writes to')):
            with self.assertRaisesRegex(InvalidInput, error):
                read_costs(os.fspath(path))
