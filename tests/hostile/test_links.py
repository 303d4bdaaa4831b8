"""Models whose files are links: those of caches, and those that reach for what is not theirs."""
import json
import os
import struct
import unittest

from hostile import ALLOT_OPT, HostileTest, external_model, run, snapshot

WEIGHTS = struct.pack('<4f', 1, 2, 3, 4)


class LinkTest(HostileTest):
    def cache(self):
        """As download caches lay models out: names that are links to files named by their contents."""
        self.write('hf/blobs/aaaa', external_model('model.onnx_data'))
        self.write('hf/blobs/bbbb', WEIGHTS)
        os.makedirs(self.path('hf/snapshots/rev1/onnx'))
        os.symlink('../../../blobs/aaaa', self.path('hf/snapshots/rev1/onnx/model.onnx'))
        os.symlink('../../../blobs/bbbb', self.path('hf/snapshots/rev1/onnx/model.onnx_data'))
        return self.path('hf/snapshots/rev1/onnx/model.onnx')

    def test_a_model_is_known_by_the_path_that_was_given(self):
        model = self.cache()
        for given, cwd, expected in (
                (model, None, '../hf/snapshots/rev1/onnx/model.onnx'),
                ('hf/snapshots/rev1/onnx/model.onnx', self.folder, '../hf/snapshots/rev1/onnx/model.onnx'),
                ('hf/../hf/snapshots/rev1/onnx/model.onnx', self.folder, '../hf/snapshots/rev1/onnx/model.onnx'),
                ('model.onnx', os.path.dirname(model), '../hf/snapshots/rev1/onnx/model.onnx')):
            self.assertWorks(self.place('-o', self.path('out'), '--force', model=given, cwd=cwd))
            manifest = json.loads(self.read('out/manifest.json'))
            self.assertEqual(manifest['model'], expected)
            self.assertEqual(json.loads(self.read('out/plan.json'))['model'], 'model.onnx')
            self.assertTrue(os.path.exists(self.path('out', manifest['model'])))
            self.assertEqual(self.read('out/model.onnx_data'), WEIGHTS)
            self.assertFalse(os.path.islink(self.path('out/model.onnx_data')))
        self.write('hf/blobs/cccc', b'')  # nothing of it was written to
        self.assertEqual(self.read('hf/blobs/bbbb'), WEIGHTS)

    def test_parts_beside_links_to_data_elsewhere(self):
        """ONNX Runtime refuses data that a link leads out of a part's folder."""
        model = self.cache()
        folder = os.path.dirname(model)
        for more in ([], ['--emit=parts,manifest'], ['--emit=annotated']):
            self.assertOneError(self.place('-o', folder, *more, model=model), "model.onnx_data.*another output folder")
            self.assertEqual(sorted(os.listdir(folder)), ['model.onnx', 'model.onnx_data'])
        self.assertWorks(self.place('-o', folder, '--external-data=embed', model=model))
        self.assertWorks(self.place('-o', folder, '--emit=plan', model=model))
        self.assertTrue(os.path.islink(os.path.join(folder, 'model.onnx_data')))
        # A link that stays inside is fine.
        self.write('m/m.onnx', external_model('w.bin'))
        self.write('m/deep/v.bin', WEIGHTS)
        os.symlink('deep/v.bin', self.path('m/w.bin'))
        self.assertWorks(self.place('-o', self.path('m'), model=self.path('m/m.onnx')))

    def test_a_folder_that_is_a_link(self):
        self.write('models/v1/m.onnx', external_model('w.bin'))
        self.write('models/v1/w.bin', WEIGHTS)
        os.symlink('v1', self.path('models/latest'))
        os.makedirs(self.path('deep/er'))
        os.symlink('../deep/er', self.path('models/inside'))
        self.assertWorks(self.place('-o', self.path('out'), model=self.path('models/latest/m.onnx')))
        model = json.loads(self.read('out/manifest.json'))['model']
        self.assertTrue(os.path.samefile(self.path('out', model), self.path('models/v1/m.onnx')))
        # ".." behind a link.
        self.write('deep/m.onnx', external_model('w.bin'))
        self.write('deep/w.bin', WEIGHTS)
        self.assertWorks(self.place('-o', self.path('out2'), model=self.path('models/inside/../m.onnx')))
        model = json.loads(self.read('out2/manifest.json'))['model']
        self.assertTrue(os.path.samefile(self.path('out2', model), self.path('deep/m.onnx')))

    def test_data_out_of_the_model_s_folder_is_refused(self):
        self.write('secret/key', WEIGHTS)
        self.write('secret/deep/key', WEIGHTS)
        layouts = {
            'a link': ('w.bin', lambda m: os.symlink('../secret/key', os.path.join(m, 'w.bin'))),
            'an absolute link': ('w.bin', lambda m: os.symlink(self.path('secret/key'), os.path.join(m, 'w.bin'))),
            'a link to a link': ('w.bin', lambda m: (os.symlink('../secret/key', os.path.join(m, 'v.bin')),
                                                     os.symlink('v.bin', os.path.join(m, 'w.bin')))),
            'a folder by a link': ('data/key', lambda m: os.symlink('../secret', os.path.join(m, 'data'))),
            'a link in a folder': ('data/w', lambda m: (os.mkdir(os.path.join(m, 'data')), os.symlink(
                '../../secret/deep/key', os.path.join(m, 'data', 'w')))),
            'the folder above': ('../secret/key', lambda m: None),
            'an absolute place': (self.path('secret/key'), lambda m: None),
        }
        for number, (what, (location, make)) in enumerate(layouts.items()):
            with self.subTest(what):
                folder = f'm{number}'
                self.write(f'{folder}/m.onnx', external_model(location))
                make(self.path(folder))
                for more in ([], ['--external-data=embed'], ['--emit=plan']):
                    result = self.place('-o', self.path('out'), *more, model=self.path(folder, 'm.onnx'))
                    self.assertOneError(result, 'm.onnx.*folder')
                    self.assertFalse(os.path.exists(self.path('out')))
                self.assertOneError(run(ALLOT_OPT, self.path(folder, 'm.onnx'), '-o', '/dev/null'), 'folder')
                # The model by a link from elsewhere does not make it better.
                os.symlink(f'../{folder}/m.onnx', self.write('by-link/x', '')[:-1] + f'{folder}.onnx')
                result = self.place('-o', self.path('out'), model=self.path('by-link', f'{folder}.onnx'))
                self.assertOneError(result, 'folder|no file')

    def test_data_in_the_folder_of_the_model_s_real_path(self):
        """Both forms of the rule; a folder whose name only begins like the model's is another one."""
        self.write('store/m', external_model('w.bin'))
        self.write('store/sub/w', WEIGHTS)
        self.write('store-of-others/w', WEIGHTS)
        for number, (leads, allowed) in enumerate((('../store/sub/w', True), ('../store-of-others/w', False))):
            os.makedirs(self.path(f'names{number}'))
            os.symlink('../store/m', self.path(f'names{number}', 'm.onnx'))
            os.symlink(leads, self.path(f'names{number}', 'w.bin'))
            result = self.place('-o', self.path(f'out{number}'), model=self.path(f'names{number}', 'm.onnx'))
            if allowed:
                self.assertWorks(result)
            else:
                self.assertOneError(result, "out of the model's folder")

    def test_outputs_are_never_hard_links(self):
        self.write('m/m.onnx', external_model('w.bin'))
        self.write('m/w.bin', WEIGHTS)
        for emit in ([], ['--emit=triton'], ['--emit=annotated'], ['--pin=.*=d1']):
            self.assertWorks(self.place('-o', self.path('out'), *emit, model=self.path('m/m.onnx')))
            for at, _, files in os.walk(self.path('out')):
                for name in files:
                    self.assertEqual(os.stat(os.path.join(at, name)).st_nlink, 1, name)
        self.assertEqual(os.stat(self.path('m/w.bin')).st_nlink, 1)
        # Whoever writes to a copy does not change the model.
        with open(self.path('out/w.bin'), 'r+b') as file:
            file.write(b'\0' * 8)
        self.assertEqual(self.read('m/w.bin'), WEIGHTS)
        # A link that somebody else made is replaced by a copy.
        os.remove(self.path('out/w.bin'))
        os.link(self.path('m/w.bin'), self.path('out/w.bin'))
        self.assertWorks(self.place('-o', self.path('out'), model=self.path('m/m.onnx')))
        self.assertEqual(os.stat(self.path('m/w.bin')).st_nlink, 1)
        self.assertEqual(self.read('out/w.bin'), WEIGHTS)

    def test_beside_the_model_data_stays_where_it_is(self):
        self.write('m/m.onnx', external_model('w.bin'))
        self.write('m/w.bin', WEIGHTS)
        before = os.stat(self.path('m/w.bin'))
        for pins in ([], ['--pin=.*=d1']):
            self.assertWorks(self.place('-o', self.path('m'), *pins, model=self.path('m/m.onnx')))
            after = os.stat(self.path('m/w.bin'))
            self.assertEqual((before.st_ino, before.st_mtime_ns, after.st_nlink), (after.st_ino, after.st_mtime_ns, 1))
            self.assertEqual(self.read('m/m.onnx'), external_model('w.bin'))

    def test_text_that_names_data_elsewhere(self):
        self.write('m/m.onnx', external_model('w.bin'))
        self.write('m/w.bin', WEIGHTS)
        self.assertWorks(run(ALLOT_OPT, self.path('m/m.onnx'), '-o', self.path('m/m.mlir')))
        self.assertIn(b'w.bin', self.read('m/m.mlir'))
        self.assertEqual(sorted(snapshot(self.path('m'))), ['m.mlir', 'm.onnx', 'w.bin'])


if __name__ == '__main__':
    unittest.main()
