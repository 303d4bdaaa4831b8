"""Command lines of the programs."""

import unittest

from allot.commands.arguments import Flag, help_text, parse_arguments, parse_dims
from allot.errors import InvalidInput

FLAGS = {
    'check': Flag('flag', 'compares'), 'trace': Flag('text', 'writes', 'FILE'), 'samples': Flag('integer', 'how many', 'N', 50),
    'warmup': Flag('integer', 'before them', 'N', least=0), 'tolerance': Flag('number', 'how much', 'X'),
    'mode': Flag('choice', 'which', choices=('latency', 'pipeline')), 'dim': Flag('list', 'sizes', 'NAME=SIZE'),
    'in-flight': Flag('integer', 'at once'),
}
DEFAULTS = {'check': False, 'trace': None, 'samples': 50, 'warmup': None, 'tolerance': None, 'mode': None, 'dim': [], 'in-flight': None}


class CommandLines(unittest.TestCase):
    def parse(self, *argv):
        return parse_arguments(argv, FLAGS)

    def refuses(self, argv, message):
        with self.assertRaises(InvalidInput) as caught:
            self.parse(*argv)
        self.assertEqual(str(caught.exception), message)

    def test_defaults(self):
        found = self.parse()
        self.assertEqual((found.values, found.positional, found.help), (DEFAULTS, [], False))

    def test_every_kind_in_either_spelling(self):
        found = self.parse('m.json', '--check', '--trace=a=b.json', '--samples', '7', '--warmup=0', '--tolerance=1e-3', '-mode', 'latency',
                           '--dim=a=1', '--dim', 'b=2', '--in-flight=3', 'other')
        self.assertEqual(found.positional, ['m.json', 'other'])
        self.assertEqual(found.values, {'check': True, 'trace': 'a=b.json', 'samples': 7, 'warmup': 0, 'tolerance': 0.001, 'mode': 'latency',
                                        'dim': ['a=1', 'b=2'], 'in-flight': 3})
        self.assertFalse(self.parse('--check', '--check=false')['check'])
        self.assertTrue(self.parse('--check=true')['check'])
        self.assertEqual(self.parse('--samples=1', '--samples=2')['samples'], 2)
        self.assertTrue(self.parse('--help').help and self.parse('-h').help)
        self.assertEqual(self.parse('--', '--check').positional, ['--check'])
        self.assertEqual(self.parse('-', '-1').positional, ['-', '-1'])

    def test_errors(self):
        for argv, message in (
                (['--sampels=3'], 'unknown option --sampels; did you mean --samples? (--help lists all)'),
                (['--inflight=3'], 'unknown option --inflight; did you mean --in-flight? (--help lists all)'),
                (['--completely-else'], 'unknown option --completely-else (--help lists all)'),
                (['--check=yes'], '--check takes no value'), (['--trace'], '--trace needs a value: --trace=FILE'),
                (['--trace='], '--trace needs a value: --trace=FILE'), (['--in-flight'], '--in-flight needs a value: --in-flight=VALUE'),
                (['--warmup=-1'], '--warmup=-1: expected an integer of at least 0'),
                (['--mode=fast'], '--mode=fast: expected one of latency, pipeline')):
            self.refuses(argv, message)
        for bad in ('0', '-1', '1.5', 'x', '1e3', '1234567890123456', '١'):
            self.refuses([f'--samples={bad}'], f'--samples={bad}: expected an integer of at least 1')
        for bad in ('-1', 'x', '1e', 'NaN', 'Infinity'):
            self.refuses([f'--tolerance={bad}'], f'--tolerance={bad}: expected a non-negative number')

    def test_dimensions(self):
        self.assertEqual(parse_dims(['batch=8', 'N=4,S=128', 'a=b=2']), {'batch': 8, 'N': 4, 'S': 128, 'a=b': 2})
        self.assertEqual(parse_dims(['a,b=3', 'N=4,c,,d=5']), {'a,b': 3, 'N': 4, 'c,,d': 5})
        self.assertEqual(parse_dims([]), {})
        self.assertEqual(parse_dims(['a=1', 'a=1']), {'a': 1})
        with self.assertRaisesRegex(InvalidInput, r"\A--dim=a=3: 'a' is 1 already; give each dimension one size\Z"):
            parse_dims(['a=1,b=2', 'a=3'])
        for bad in ('batch', 'batch=', '=3', 'batch=-1', 'batch=x', 'a=1,', 'a=1,b', 'a=,b=2', 'a=x,b=2'):
            with self.assertRaisesRegex(InvalidInput, r'\A--dim=.*: expected NAME=SIZE, such as --dim batch=8\Z'):
                parse_dims([bad])

    def test_the_help_names_every_option_with_its_value_and_default(self):
        text = help_text('allot-run MANIFEST', 'Runs.', FLAGS)
        self.assertRegex(text, r'\Ausage: allot-run MANIFEST\n\nRuns\.\n\n')
        self.assertIn('  --check\n        compares\n', text)
        self.assertIn('  --samples=N\n        how many (default: 50)\n', text)
        self.assertIn('  --mode=latency|pipeline\n', text)


if __name__ == '__main__':
    unittest.main()
