"""Whole files: pipes have an end, what has none is refused, and what is no file is not replaced."""

import os
import stat
import subprocess
import unittest

from placed_models import make_scratch

from allot.errors import RunError
from allot.running.inputs import read_inputs
from allot.running.manifest import Manifest, read_manifest
from allot.running.measured_report import find_report
from allot.running.side_file import read_input_spec
from allot.support.files import read_input, reason, write_whole

SCRATCH = make_scratch('files')


def pipe(name):
    file = SCRATCH / name
    file.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(file)
    return str(file)


class Reading(unittest.TestCase):
    def test_files_and_pipes(self):
        file, text, through = SCRATCH / 'file', b'x' * 1000000, pipe('through')
        file.write_bytes(text)
        self.assertEqual(read_input(str(file)), text)
        with subprocess.Popen(['sh', '-c', 'exec 3>"$1"; sleep 0.3; cat "$0" >&3', file, through]):
            self.assertEqual(read_input(through), text)
        for odd, kind in ((SCRATCH / 'none', FileNotFoundError), (SCRATCH, IsADirectoryError)):
            with self.assertRaises(kind):
                read_input(str(odd))
        with self.assertRaises(OSError) as caught:
            read_input('/dev/zero')
        self.assertEqual(reason(caught.exception), 'is a device, not a file')

    def test_nobody_waits_for_a_pipe_that_nobody_writes_to(self):
        nobody = 'is a pipe that nobody writes to'
        silent = pipe('nobody')
        with self.assertRaises(OSError) as caught:
            read_input(silent)
        self.assertEqual(reason(caught.exception), nobody)
        pipe('beside.inputs.json')
        pipe('feeds/index.json')
        pipe('reports/model.report.html')
        for body, message in ((lambda: read_manifest(silent), 'is no file, and parts lie beside'),
                              (lambda: read_input_spec('m.onnx', silent), nobody), (lambda: read_input_spec(str(SCRATCH / 'beside.onnx')), nobody),
                              (lambda: read_inputs(str(SCRATCH / 'feeds'), []), nobody),
                              (lambda: find_report(Manifest('m', str(SCRATCH / 'reports'), (), (), {}, (), {})), nobody)):
            with self.assertRaisesRegex(RunError, message):
                body()


class Writing(unittest.TestCase):
    def test_devices_stay_and_are_written_to(self):
        before = os.stat('/dev/null')
        write_whole('/dev/null', 'text')
        after = os.stat('/dev/null')
        self.assertTrue(stat.S_ISCHR(after.st_mode) and after.st_ino == before.st_ino)
        with self.assertRaisesRegex(RunError, '/dev/full: No space left'):
            write_whole('/dev/full', 'text')
        self.assertTrue(stat.S_ISCHR(os.stat('/dev/full').st_mode))

    def test_links_stay_and_files_of_others(self):
        folder = SCRATCH / 'out'
        folder.mkdir()
        (folder / 'precious').write_text('mine')
        (folder / 'target').write_text('old')
        (folder / 'link').symlink_to('target')
        write_whole(str(folder / 'link'), 'new')
        self.assertTrue((folder / 'link').is_symlink())
        self.assertEqual(((folder / 'target').read_text(), (folder / 'precious').read_text()), ('new', 'mine'))
        self.assertEqual(sorted(os.listdir(folder)), ['link', 'precious', 'target'])
        for odd in (folder / 'no-folder' / 'x', folder):
            with self.assertRaisesRegex(RunError, 'cannot write'):
                write_whole(str(odd), 'x')
        self.assertEqual(sorted(os.listdir(folder)), ['link', 'precious', 'target'])


if __name__ == '__main__':
    unittest.main()
