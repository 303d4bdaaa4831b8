"""Command lines of the package's programs."""

import unittest

import programs  # noqa: F401

from allot.commands.arguments import Flag, help_text, parse_arguments, parse_dims
from allot.errors import InvalidInput

FLAGS = {
    'check': Flag('flag', help='compares'),
    'trace': Flag('text', value='FILE', help='writes'),
    'samples': Flag('integer', value='N', initial=50, help='how many'),
    'warmup': Flag('integer', value='N', least=0, help='before them'),
    'tolerance': Flag('number', value='X', help='how much'),
    'mode': Flag('choice', choices=('latency', 'pipeline'), help='which'),
    'dim': Flag('list', value='NAME=SIZE', help='sizes'),
    'in-flight': Flag('integer', help='at once'),
}


def parse(*argv):
    return parse_arguments(argv, FLAGS)


class Arguments(unittest.TestCase):
    def refuses(self, argv, message):
        with self.assertRaises(InvalidInput) as caught:
            parse(*argv)
        self.assertEqual(str(caught.exception), message)

    def test_defaults(self):
        found = parse()
        self.assertEqual((found.positional, found.help), ([], False))
        self.assertEqual(found.values, {'check': False, 'trace': None, 'samples': 50, 'warmup': None, 'tolerance': None, 'mode': None,
                                        'dim': [], 'in-flight': None})
        parse('--dim=a=1')
        self.assertEqual(parse()['dim'], [], 'each command line has a list of its own')

    def test_every_kind_in_either_spelling(self):
        found = parse('m.json', '--check', '--trace=a=b.json', '--samples', '7', '--warmup=0', '--tolerance=1e-3', '-mode', 'latency',
                      '--dim=a=1', '--dim', 'b=2', '--in-flight=3', 'other')
        self.assertEqual(found.positional, ['m.json', 'other'])
        self.assertEqual(found.values, {'check': True, 'trace': 'a=b.json', 'samples': 7, 'warmup': 0, 'tolerance': 0.001, 'mode': 'latency',
                                        'dim': ['a=1', 'b=2'], 'in-flight': 3})
        self.assertFalse(parse('--check', '--check=false')['check'])
        self.assertTrue(parse('--check=true')['check'])
        self.assertEqual(parse('--samples=1', '--samples=2')['samples'], 2)
        self.assertTrue(parse('--help').help and parse('-h').help)
        self.assertEqual(parse('--', '--check').positional, ['--check'])
        self.assertEqual(parse('-', '-1').positional, ['-', '-1'])

    def test_errors(self):
        self.refuses(['--sampels=3'], 'unknown option --sampels; did you mean --samples? (--help lists all)')
        self.refuses(['--inflight=3'], 'unknown option --inflight; did you mean --in-flight? (--help lists all)')
        self.refuses(['--completely-else'], 'unknown option --completely-else (--help lists all)')
        self.refuses(['--check=yes'], '--check takes no value')
        self.refuses(['--trace'], '--trace needs a value: --trace=FILE')
        self.refuses(['--trace='], '--trace needs a value: --trace=FILE')
        self.refuses(['--in-flight'], '--in-flight needs a value: --in-flight=VALUE')
        for bad in ('0', '-1', '1.5', 'x', '1e3', '1234567890123456', '1\n', '١'):
            self.refuses([f'--samples={bad}'], f'--samples={bad}: expected an integer of at least 1')
        self.refuses(['--warmup=-1'], '--warmup=-1: expected an integer of at least 0')
        for bad in ('-1', 'x', '1e', 'NaN', 'Infinity', 'inf'):
            self.refuses([f'--tolerance={bad}'], f'--tolerance={bad}: expected a non-negative number')
        self.refuses(['--mode=fast'], '--mode=fast: expected one of latency, pipeline')

    def test_dimensions(self):
        self.assertEqual(parse_dims(['batch=8', 'N=4,S=128', 'a=b=2']), {'batch': 8, 'N': 4, 'S': 128, 'a=b': 2})
        self.assertEqual(parse_dims(['a,b=3', 'N=4,c,,d=5']), {'a,b': 3, 'N': 4, 'c,,d': 5})
        self.assertEqual(parse_dims([]), {})
        self.assertEqual(parse_dims(['a=1', 'a=1']), {'a': 1})
        with self.assertRaisesRegex(InvalidInput, "^--dim=a=3: 'a' is 1 already; give each dimension one size$"):
            parse_dims(['a=1,b=2', 'a=3'])
        for bad in ('batch', 'batch=', '=3', 'batch=-1', 'batch=x', 'a=1,', 'a=1,b', 'a=,b=2', 'a=x,b=2'):
            with self.assertRaisesRegex(InvalidInput, '^--dim=.*: expected NAME=SIZE, such as --dim batch=8$', msg=bad):
                parse_dims([bad])

    def test_the_help_names_every_option_with_its_value_and_default(self):
        text = help_text('allot-run MANIFEST', 'Runs.', FLAGS)
        self.assertTrue(text.startswith('usage: allot-run MANIFEST\n\nRuns.\n\n'))
        for lines in ('  --check\n        compares\n', '  --samples=N\n        how many (default: 50)\n', '  --mode=latency|pipeline\n'):
            self.assertIn(lines, text)


if __name__ == '__main__':
    unittest.main()
