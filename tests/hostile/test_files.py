"""Files of the user, and what is no regular file, where outputs are to go."""
import os
import pathlib
import stat
import subprocess
import threading
import unittest

from hostile import ALLOT, ALLOT_OPT, ALLOT_SOLVE, HostileTest, run, snapshot

class UserFilesTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.out = self.path('out')

    def assertRefused(self, *arguments, names=(), folder='out', **options):
        before = snapshot(self.path(folder), hidden=True)
        result = self.place(*arguments, **options)
        self.assertOneError(result, '--force')
        for name in names:
            self.assertIn(name, result.err)
        self.assertEqual(snapshot(self.path(folder), hidden=True), before)

    def test_adding_outputs_keeps_the_others(self):
        self.assertWorks(self.place('-o', self.out))
        before = snapshot(self.out)
        self.assertWorks(self.place('-o', self.out, '--emit=plan'))
        self.assertEqual(snapshot(self.out), before)
        self.assertWorks(self.place('-o', self.out, '--emit=iree'))
        after = snapshot(self.out)
        self.assertLess(set(before), set(after))
        self.assertEqual({name: after[name] for name in before}, before)
        # And one after the other into a new folder.
        for emit in ('plan', 'dot', 'parts', 'manifest'):
            self.assertWorks(self.place('-o', self.path('one'), f'--emit={emit}'))
        self.assertLessEqual({'plan.json', 'model.dot', 'manifest.json'}, set(snapshot(self.path('one'))))

    def test_an_edited_file_stays(self):
        self.assertWorks(self.place('-o', self.out))
        self.write('out/plan.json', 'edited')
        self.assertRefused('-o', self.out, names=['plan.json'])
        self.assertRefused('-o', self.out, '--emit=plan', names=['plan.json'])
        # It is in nobody's way if something else is written.
        self.assertWorks(self.place('-o', self.out, '--emit=dot'))
        self.assertEqual(self.read('out/plan.json'), b'edited')
        self.assertWorks(self.place('-o', self.out, '--force'))
        self.assertTrue(self.read('out/plan.json').startswith(b'{'))
        self.assertWorks(self.place('-o', self.out))

    def test_an_edit_that_keeps_size_and_time_stays(self):
        self.assertWorks(self.place('-o', self.out))
        path = self.path('out', 'plan.json')
        times, text = os.stat(path), self.read('out/plan.json')
        with open(path, 'r+b') as file:
            file.write(b'[')
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.assertRefused('-o', self.out, '--pin=.*=d1', names=['plan.json'])
        self.assertEqual(self.read('out/plan.json'), b'[' + text[1:])

    def test_an_edited_file_that_is_not_written_any_more_stays(self):
        self.assertWorks(self.place('-o', self.out, '--pin=.*a[0-9].*=d0', '--pin=.*=d1'))
        parts = sorted(name for name in snapshot(self.out) if '.0' in name and name.endswith('.onnx'))
        self.assertGreater(len(parts), 1)
        self.write(f'out/{parts[-1]}', 'edited')
        self.assertWorks(self.place('-o', self.out, '--pin=.*=d0'))
        after = snapshot(self.out)
        self.assertEqual(after[parts[-1]], b'edited')
        for name in parts[1:-1]:  # what nobody edited is gone
            self.assertNotIn(name, after)

    def test_files_of_others_stay(self):
        for name in ('manifest.json', 'plan.json', 'model.mlir'):
            folder = f'out-{name}'
            self.write(f'{folder}/{name}', 'mine')
            self.write(f'{folder}/other.txt', 'mine')
            self.assertRefused('-o', self.path(folder), names=[name], folder=folder)
            self.assertWorks(self.place('-o', self.path(folder), '--force'))
            self.assertNotEqual(self.read(f'{folder}/{name}'), b'mine')
            self.assertEqual(self.read(f'{folder}/other.txt'), b'mine')

    def test_in_the_working_folder(self):
        self.write('here/manifest.json', 'mine')
        self.assertRefused('-o', '.', cwd=self.path('here'), names=['manifest.json'], folder='here')
        os.remove(self.path('here', 'manifest.json'))
        self.write('here/mine', 'mine')
        self.assertWorks(self.place('-o', '.', cwd=self.path('here')))
        self.assertWorks(self.place('-o', '.', '--pin=.*=d0', cwd=self.path('here')))
        self.assertEqual(self.read('here/mine'), b'mine')
        self.assertNotIn('.allot-files.json', snapshot(self.path('here')))

    def test_all_names_in_the_way_are_told(self):
        names = ['manifest.json', 'plan.json', 'model.mlir', 'model.dot']
        for name in names:
            self.write(f'out/{name}', 'mine')
        result = self.place('-o', self.out)
        self.assertOneError(result, 'and 1 more')

    def test_a_forged_record_or_manifest_reaches_nothing(self):
        self.write('precious', 'safe')
        self.write('out/theirs', 'safe')
        self.write('out/manifest.json', '{"schema": "allot.manifest/1", "files": ["theirs", "../precious"]}')
        self.write('out/.allot-files.json', '{"schema": "allot.files/1", "files": {"../precious": {"bytes": 4, "sha256": '
                   '"8f7b5e0fe5a1a4b6d8b0cb8b7b3b1c8a", "emitters": ["plan"]}, "theirs": {"bytes": 4, "sha256": "", '
                   '"emitters": ["plan"]}, "/etc/passwd": 3, "x": []}}')
        self.assertWorks(self.place('-o', self.out, '--emit=plan'))
        self.assertEqual(self.read('precious'), b'safe')
        self.assertEqual(self.read('out/theirs'), b'safe')
        for text in ('{', '[]', '{"schema": "other/1"}', '\0', ''):
            self.write('out/.allot-files.json', text)
            self.assertRefused('-o', self.out, '--emit=plan', '--pin=.*=d0', names=['plan.json'])

    def test_links_in_the_output_folder_are_not_followed(self):
        self.write('precious', 'safe')
        os.makedirs(self.out)
        os.symlink('../precious', self.path('out', 'plan.json'))
        self.assertRefused('-o', self.out, names=['plan.json'])
        self.assertWorks(self.place('-o', self.out, '--force'))
        self.assertEqual(self.read('precious'), b'safe')
        self.assertFalse(os.path.islink(self.path('out', 'plan.json')))
        self.write('elsewhere/x', '')
        os.symlink('../elsewhere', self.path('out', 'iree'))
        self.assertOneError(self.place('-o', self.out, '--emit=iree,triton', '--force'), 'symbolic link|iree')
        self.assertEqual(os.listdir(self.path('elsewhere')), ['x'])

    def test_a_folder_by_a_link(self):
        os.makedirs(self.path('real'))
        os.symlink('real', self.out)
        for pins in ([], ['--pin=.*=d0']):
            self.assertWorks(self.place('-o', self.out, *pins))
            self.assertTrue(os.path.islink(self.out))
            self.assertIn('manifest.json', snapshot(self.path('real')))
        os.symlink('nowhere', self.path('dangling'))
        self.assertOneError(self.place('-o', self.path('dangling')), 'link')
        self.assertTrue(os.path.islink(self.path('dangling')))

    def test_what_is_no_file_is_not_replaced_even_by_force(self):
        os.makedirs(self.out)
        os.mkfifo(self.path('out', 'plan.json'))
        for force in ([], ['--force']):
            result = self.place('-o', self.out, *force)
            self.assertOneError(result, "plan.json' is no regular file.*move it away")
            self.assertNotIn('--force', result.err)
            self.assertTrue(stat.S_ISFIFO(os.stat(self.path('out', 'plan.json')).st_mode))
        os.remove(self.path('out', 'plan.json'))
        os.mkdir(self.path('out', 'plan.json'))
        self.assertOneError(self.place('-o', self.out, '--force'), 'it is a folder')

    def test_what_a_plan_is_made_from_is_not_replaced_even_by_force(self):
        with open(self.target, 'rb') as file:
            target = file.read()
        costs = b'node,device,time_us\nnosuch,d0,1\n'
        self.write('out/plan.json', target)
        self.write('out/model.dot', costs)
        for force in ([], ['--force']):
            result = self.allot(self.model(), f'--target={self.out}/plan.json', '--quiet', '-o', self.out, '--emit=plan', *force)
            self.assertOneError(result, "plan.json' would replace a file that is read")
            result = self.place('-o', self.out, '--emit=dot', f'--costs={self.out}/model.dot', *force)
            self.assertOneError(result, "model.dot' would replace a file that is read")
        self.assertEqual((self.read('out/plan.json'), self.read('out/model.dot')), (target, costs))

    def test_permissions_stay(self):
        os.makedirs(self.out)
        os.chmod(self.out, 0o2750)
        for pins in ([], ['--pin=.*=d0']):
            self.assertWorks(self.place('-o', self.out, *pins))
            self.assertEqual(stat.S_IMODE(os.stat(self.out).st_mode), 0o2750)

    def test_the_same_again_changes_nothing(self):
        self.assertWorks(self.place('-o', self.out))
        times = lambda: {name: os.stat(self.path('out', name)).st_mtime_ns for name in os.listdir(self.out)}
        before = times()
        self.assertWorks(self.place('-o', self.out))
        self.assertEqual(times(), before)

    def test_a_full_disk_leaves_the_old_folder(self):
        self.assertWorks(self.place('-o', self.out))
        before = snapshot(self.out, hidden=True)
        result = self.place('-o', self.out, '--pin=.*=d0', shell_limit='-f 4')
        self.assertNotEqual(result.status, 0)
        self.assertEqual(snapshot(self.out, hidden=True), before)


class SpecialFilesTest(HostileTest):
    """Outputs that are single files."""

    def outputs(self, place):
        """Command lines of all programs that write to `place`."""
        problem = self.write('p.json', json_problem())
        return [[ALLOT_SOLVE, problem, '-o', place],
                [ALLOT_OPT, self.model(), '-o', place],
                [ALLOT_OPT, self.model(), f'--generate-reproducer={place}', '-o', '/dev/null']]

    def test_devices_stay(self):
        before = os.stat('/dev/null')
        for command in self.outputs('/dev/null'):
            self.assertWorks(run(*command))
            after = os.stat('/dev/null')
            self.assertEqual((before.st_ino, before.st_rdev, before.st_mode), (after.st_ino, after.st_rdev, after.st_mode))
        for command in self.outputs('/dev/full'):
            self.assertOneError(run(*command), '/dev/full.*No space')
            self.assertTrue(stat.S_ISCHR(os.stat('/dev/full').st_mode))

    def test_pipes_are_written_to(self):
        pipe = self.path('pipe')
        os.mkfifo(pipe)
        for command in self.outputs(pipe):
            got = []
            reader = threading.Thread(target=lambda: got.append(pathlib.Path(pipe).read_bytes()))
            reader.start()
            self.assertWorks(run(*command))
            reader.join(10)
            self.assertGreater(len(got[0]), 10)
            self.assertTrue(stat.S_ISFIFO(os.stat(pipe).st_mode))

    def test_links_stay_links(self):
        for command in self.outputs(self.path('link')):
            self.write('target', 'old')
            os.chmod(self.path('target'), 0o640)
            if not os.path.islink(self.path('link')):
                os.symlink('target', self.path('link'))
            self.assertWorks(run(*command))
            self.assertTrue(os.path.islink(self.path('link')))
            self.assertNotEqual(self.read('target'), b'old')
            self.assertEqual(stat.S_IMODE(os.stat(self.path('target')).st_mode), 0o640)

    def test_temporary_names_of_others_stay(self):
        for command in self.outputs(self.path('result')):
            for suffix in ('.tmp', '~', '.XXXXXX'):
                self.write(f'result{suffix}', 'mine')
            self.write('precious', 'safe')
            os.symlink('precious', self.path('result.0'))
            self.assertWorks(run(*command))
            for suffix in ('.tmp', '~', '.XXXXXX'):
                self.assertEqual(self.read(f'result{suffix}'), b'mine')
            self.assertEqual(self.read('precious'), b'safe')
            self.assertEqual({name for name in os.listdir(self.folder) if name.startswith('result')},
                             {'result', 'result.tmp', 'result~', 'result.XXXXXX', 'result.0'})
            os.remove(self.path('result.0'))

    def test_standard_output_that_is_full_or_closed(self):
        problem = self.write('p.json', json_problem())
        for command in ([ALLOT, self.model(), f'--target={self.target}'],
                        [ALLOT, self.model(), f'--target={self.target}', '--json'],
                        [ALLOT, '--help'], [ALLOT, '--list'],
                        [ALLOT, '--version'], [ALLOT, '--print-target'],
                        [ALLOT, '--dump-pass-pipeline'],
                        [ALLOT_SOLVE, problem], [ALLOT_SOLVE, problem, '--json'], [ALLOT_SOLVE, problem, '-o', '-'],
                        [ALLOT_SOLVE, problem, '--print-problem'], [ALLOT_SOLVE, '--list-solvers'],
                        [ALLOT_OPT, self.model()], [ALLOT_OPT, '--help'], [ALLOT_OPT, '--print-reference'],
                        [ALLOT_OPT, '--show-dialects']):
            with open('/dev/full', 'w') as full:
                result = run(*command, stdout=full)
            self.assertOneError(result, 'standard output')
            closed = subprocess.run(['bash', '-c', '"$@" >&-', 'bash', *command], stderr=subprocess.PIPE, text=True)
            self.assertEqual(closed.returncode, 1, f'{command}: {closed.stderr}')


    def test_no_file_takes_the_place_of_a_closed_stream(self):
        """What is printed, or goes wrong, would be written into it."""
        pipe = self.path('pipe')
        os.mkfifo(pipe)
        for number, closed in enumerate(('<&-', '>&-', '2>&-')):
            process = subprocess.Popen(['bash', '-c', f'exec "$@" {closed}', 'bash', ALLOT, pipe, f'--target={self.target}'],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(pipe, 'wb'):  # waits until it is opened to be read
                self.assertEqual(os.readlink(f'/proc/{process.pid}/fd/{number}'), '/dev/null', closed)
            self.assertEqual(process.wait(timeout=30), 1)


def json_problem():
    return ('{"schema": "allot.problem/1", "objective": "latency", "communication": "delay", "devices": [{"name": "a"}], '
            '"channels": 0, "routes": [], "items": [{"name": "x", "time": [5]}], "flows": []}')


if __name__ == '__main__':
    unittest.main()
