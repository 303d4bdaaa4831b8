"""Runs that are killed, runs at the same time: an output folder is the old one or the new one."""
import fcntl
import os
import shutil
import signal
import subprocess
import time
import unittest

from hostile import ALLOT, BUILD, HostileTest, leftovers, run, snapshot

KILL_AT = os.path.join(BUILD, 'libkill_at.so')
OLD, NEW = ['--pin=.*a[0-9].*=d0', '--pin=.*=d1'], ['--pin=.*=d0']  # several parts, then one


class KillTest(HostileTest):
    def kill_everywhere(self, prepare, arguments, check, cwd=None):
        """Runs `arguments` after `prepare`, killed at every change in turn; `check(killed)` after each."""
        at = 0
        while True:
            at += 1
            self.assertLess(at, 500)
            shutil.rmtree(self.path('work'), ignore_errors=True)
            os.mkdir(self.path('work'))
            prepare()
            result = self.place(*arguments, cwd=cwd, env={'LD_PRELOAD': KILL_AT, 'ALLOT_KILL_AT': str(at)})
            killed = result.status == -signal.SIGKILL
            if not killed:
                self.assertWorks(result)
            check(at, killed)
            if not killed:
                return at

    def old_and_new(self):
        self.assertWorks(self.place(*OLD, '-o', self.path('old', 'out')))
        self.assertWorks(self.place(*NEW, '-o', self.path('new', 'out')))
        old, new = snapshot(self.path('old', 'out')), snapshot(self.path('new', 'out'))
        self.assertTrue(set(old) - set(new))  # something goes away
        self.assertNotEqual(old['manifest.json'], new['manifest.json'])
        return old, new

    def check_rewrite(self, foreign, always_whole, cwd=None, folder='out'):
        old, new = self.old_and_new()
        out = self.path('work', 'out')

        def prepare():
            shutil.copytree(self.path('old', 'out'), out)
            for name, text in foreign.items():  # folders come before what is in them
                if text is None:
                    os.mkdir(os.path.join(out, name))
                else:
                    self.write(os.path.join('work', 'out', name), text)

        def check(at, killed):
            there = snapshot(out)
            for name, text in foreign.items():
                self.assertEqual(there.pop(name, 'gone'), text, f'{name}, killed at {at}')
            seen.add('old' if there == old else 'new' if there == new else 'mixed')
            if there not in (old, new):
                self.assertFalse(always_whole, f'mixed when killed at {at}: {sorted(there)}')
                self.assertNotIn('manifest.json', there)  # nobody takes it for a whole one
            self.assertWorks(self.place(*NEW, '-o', folder, cwd=cwd or self.path('work')))
            there = snapshot(out)
            for name in foreign:
                there.pop(name)
            self.assertEqual(there, new)
            self.assertEqual(leftovers(self.path('work')), [])
            for name in os.listdir(out):
                path = os.path.join(out, name)
                self.assertTrue(os.path.isdir(path) or os.stat(path).st_nlink == 1, name)

        seen = set()
        times = self.kill_everywhere(prepare, [*NEW, '-o', folder], check, cwd or self.path('work'))
        self.assertGreater(times, 10)
        self.assertLessEqual({'old', 'new'} if always_whole else {'old', 'new', 'mixed'}, seen)

    def test_a_new_folder_is_absent_or_whole(self):
        _, new = self.old_and_new()
        out = self.path('work', 'out')  # "work" is missing too

        seen = []

        def check(at, killed):
            if os.path.exists(out):
                self.assertEqual(snapshot(out), new, f'killed at {at}')
                seen.append(at)
            self.assertWorks(self.place(*NEW, '-o', out))
            self.assertEqual(snapshot(out), new)
            self.assertEqual(leftovers(self.path('work')), [])

        times = self.kill_everywhere(lambda: os.rmdir(self.path('work')), [*NEW, '-o', out], check)
        self.assertTrue(0 < len(seen) < times)

    def test_a_rewrite_is_the_old_or_the_new(self):
        self.check_rewrite({}, always_whole=True)

    def test_with_files_of_others(self):
        self.check_rewrite({'notes.txt': b'mine', '.hidden': b'mine too'}, always_whole=True)

    def test_with_folders_of_others(self):
        self.check_rewrite({'mine': None, 'mine/notes.txt': b'mine', 'mine/empty': None}, always_whole=True)

    def test_many_files_of_others_stay_where_they_are(self):
        out = self.path('out')
        for i in range(1001):
            self.write(f'out/mine/{i}', b'')
        before = os.stat(out), os.stat(self.path('out', 'mine'))
        for pins in (OLD, NEW):
            self.assertWorks(self.place(*pins, '-o', out))
        after = os.stat(out), os.stat(self.path('out', 'mine'))
        self.assertEqual([about.st_ino for about in before], [about.st_ino for about in after])
        self.assertEqual(len(os.listdir(self.path('out', 'mine'))), 1001)

    def test_in_the_working_folder_the_next_run_mends(self):
        out = self.path('work', 'out')
        os.makedirs(out)
        # The test of a killed run's folder starts there again.
        self.check_rewrite({'notes.txt': b'mine'}, always_whole=False, folder='.', cwd=out)

    def test_adding_to_a_folder(self):
        self.assertWorks(self.place(*OLD, '-o', self.path('old', 'out'), '--emit=plan'))
        old = snapshot(self.path('old', 'out'))
        self.assertWorks(self.place(*OLD, '-o', self.path('old', 'out'), '--emit=parts,dot'))
        new = snapshot(self.path('old', 'out'))
        self.assertLess(len(old), len(new))
        out = self.path('work', 'out')

        def prepare():
            self.assertWorks(self.place(*OLD, '-o', out, '--emit=plan'))

        def check(at, killed):
            self.assertIn(snapshot(out), (old, new), f'killed at {at}')

        self.kill_everywhere(prepare, [*OLD, '-o', out, '--emit=parts,dot'], check)


class OtherRunsTest(HostileTest):
    def test_what_is_left_is_ours_to_remove_only_if_it_is(self):
        for name in ('.allot-abcdef', '.allot-ABCDEF'):
            self.write(f'{name}/mine', 'precious')
        self.write('out/.allot-123456/mine', 'precious')
        self.write('.out.x', 'precious')
        self.assertWorks(self.place('-o', self.path('out')))
        self.assertWorks(self.place('-o', self.path('out2')))
        for name in ('.allot-abcdef/mine', '.allot-ABCDEF/mine', 'out/.allot-123456/mine', '.out.x'):
            self.assertEqual(self.read(name), b'precious')

    def test_interrupted_while_it_writes(self):
        """SIGINT, SIGTERM and SIGKILL at any time; then a run, and all is as if nothing had been."""
        self.assertWorks(self.place('-o', self.path('whole', 'out')))
        whole = snapshot(self.path('whole', 'out'))
        for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            for millis in range(0, 60, 6):
                process = subprocess.Popen([ALLOT, self.model(), f'--target={self.target}', '--quiet', '-o',
                                            self.path('work', 'out')], stderr=subprocess.DEVNULL)
                time.sleep(millis / 1000)
                process.send_signal(sent)
                process.wait()
                if os.path.exists(self.path('work', 'out')):
                    self.assertEqual(snapshot(self.path('work', 'out')), whole)
        self.assertWorks(self.place('-o', self.path('work', 'out')))
        self.assertEqual(snapshot(self.path('work', 'out')), whole)
        self.assertEqual(leftovers(self.path('work')), [])

    def test_two_runs_into_one_folder(self):
        for existing in (False, True):
            out = self.path('run', f'out{existing}')
            if existing:
                self.assertWorks(self.place(*OLD, '-o', out))
            for pins, name in ((OLD, 'old'), (NEW, 'new')):
                self.assertWorks(self.place(*pins, '-o', self.path(name, os.path.basename(out))))
            wholes = [snapshot(self.path(name, os.path.basename(out))) for name in ('old', 'new')]
            for _ in range(6):
                runs = [subprocess.Popen([ALLOT, self.model(), f'--target={self.target}', '--quiet', *pins, '-o', out],
                                         stderr=subprocess.PIPE, text=True) for pins in (OLD, NEW, OLD, NEW)]
                for process in runs:
                    _, err = process.communicate(timeout=60)
                    self.assertEqual(process.returncode, 0, err)
                self.assertIn(snapshot(out), wholes)
                self.assertEqual(leftovers(self.folder), [])

    def test_a_run_waits_for_another(self):
        out = self.path('out')
        self.assertWorks(self.place(*OLD, '-o', out))
        before = snapshot(out)
        held = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(held, fcntl.LOCK_EX)
        process = subprocess.Popen([ALLOT, self.model(), f'--target={self.target}', '--quiet', *NEW, '-o', out])
        time.sleep(1)
        self.assertIsNone(process.poll())
        self.assertEqual(snapshot(out), before)
        os.close(held)
        self.assertEqual(process.wait(timeout=30), 0)
        self.assertNotEqual(snapshot(out), before)


if __name__ == '__main__':
    unittest.main()
