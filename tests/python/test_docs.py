"""What docs/python.md shows."""

import doctest
import os
import pathlib
import shutil
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Documentation(unittest.TestCase):
    def test_shows_what_happens(self):
        page = (ROOT / 'docs' / 'python.md').read_text()
        # Without the fences a block would end in one.
        examples = '\n'.join('' if line.startswith('```') else line for line in page.split('\n'))
        test = doctest.DocTestParser().get_doctest(examples, {}, 'docs/python.md', None, 0)
        self.assertGreater(len(test.examples), 15)
        before = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / 'examples' / 'plugins', pathlib.Path(folder) / 'examples' / 'plugins',
                            ignore=shutil.ignore_patterns('*.cc'))
            os.chdir(folder)
            try:
                said = []
                result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append)
            finally:
                os.chdir(before)
        self.assertEqual(result.failed, 0, ''.join(said))


if __name__ == '__main__':
    unittest.main()
