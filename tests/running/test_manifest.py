"""Manifests that cannot be run, and files that are not those that were written."""

import copy
import hashlib
import json
import os
import re
import unittest

from placed_models import make_scratch

from allot.errors import RunError
from allot.running.integrity import check_integrity
from allot.running.manifest import part_files, read_manifest

SCRATCH = make_scratch('manifest')
FILE = SCRATCH / 'manifest.json'
GOOD = {
    'version': 1, 'model': '../m.onnx', 'inputs': ['x'], 'outputs': ['y', 'x'], 'devices': [{'id': 'a'}, {'id': 'b'}],
    'parts': [{'id': 'p0', 'device': 'a', 'file': 'p0.onnx', 'inputs': ['x'], 'outputs': ['t']},
              {'id': 'p1', 'device': 'b', 'file': 'p1.onnx', 'inputs': ['t', 'x'], 'outputs': ['y']}],
}
LANES = {**GOOD, 'share': 2, 'lanes': [{'share': 1, 'parts': [
    {'id': 'p2', 'device': 'b', 'file': 'whole.onnx', 'inputs': ['x'], 'outputs': ['y']}]}]}


def read(content):
    FILE.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_manifest(str(FILE))


class Manifests(unittest.TestCase):
    def refuses(self, body, message):
        with self.assertRaises(RunError) as caught:
            body()
        self.assertRegex(str(caught.exception), message)

    def fault(self, change, message, base=GOOD):
        """A change to a good one is refused with this message."""
        content = copy.deepcopy(base)
        change(content)
        with self.assertRaises(RunError) as caught:
            read(content)
        self.assertRegex(str(caught.exception), rf'\A{re.escape(str(FILE))}: {message}')

    def test_one_that_can_be_run(self):
        manifest = read(GOOD)
        self.assertEqual((manifest.folder, manifest.model_path), (str(SCRATCH), str(SCRATCH / '../m.onnx')))
        self.assertEqual(part_files(manifest.lanes, ['w.bin']), ['p0.onnx', 'p1.onnx', 'w.bin'])
        self.assertIsNone(read({key: value for key, value in GOOD.items() if key != 'model'}).model_path)
        # The order of the parts need not be a valid one, only some order must be.
        self.assertEqual(len(read({**GOOD, 'parts': GOOD['parts'][::-1]}).lanes[0].parts), 2)

    def test_lanes_that_take_turns(self):
        manifest = read(LANES)
        self.assertEqual([(lane.share, [part.name for part in lane.parts]) for lane in manifest.lanes], [(2, ['p0', 'p1']), (1, ['p2'])])
        self.assertEqual(part_files(manifest.lanes), ['p0.onnx', 'p1.onnx', 'whole.onnx'])
        self.assertEqual(part_files(manifest.lanes[:1]), ['p0.onnx', 'p1.onnx'])
        self.assertEqual([lane.share for lane in read(GOOD).lanes], [1])
        for change, message in (
                (lambda m: m.update(lanes=2), 'lanes: expected a list, each with parts'),
                (lambda m: m.update(lanes=[None]), 'lanes: expected a list, each with parts'),
                (lambda m: m.update(share=0), 'lane 0: expected a share of at least 1, not 0'),
                (lambda m: m.update(share=True), 'lane 0: expected a share of at least 1, not true'),
                (lambda m: m['lanes'][0].pop('share'), 'lane 1: expected a share of at least 1, not null'),
                (lambda m: m.update(share=10**6), 'the shares of the lanes add up to more than 10000'),
                (lambda m: m['lanes'][0]['parts'][0].update(id='p1'), 'lane 1: part p1 is there twice'),
                (lambda m: m['lanes'][0]['parts'][0].update(inputs=['t']), 'lane 1: part p2: no part makes its input t'),
                (lambda m: m['lanes'][0]['parts'][0].update(outputs=[]), 'lane 1: no part makes the output y')):
            self.fault(change, message, LANES)

    def test_each_fault_is_refused(self):
        self.refuses(lambda: read('{'), r'manifest\.json: .*JSON')
        for odd in ('null', '[]', '{}', '7'):
            self.refuses(lambda: read(odd), 'expected a manifest of version 1, as "allot -o" writes')
        # The nearest one, beside it or in a folder of nearly that name.
        read(GOOD)
        self.refuses(lambda: read_manifest(str(SCRATCH / 'manifst.json')), r'manifst\.json: there is no such file; did you mean .*/manifest\.json\?\Z')
        self.refuses(lambda: read_manifest(f'{SCRATCH}s/manifest.json'), r'there is no such file; did you mean .*/manifest\.json\?\Z')
        self.refuses(lambda: read_manifest(str(SCRATCH / 'out' / 'manifest.json')),
                     r'there is no such file; "allot MODEL -o DIR" writes DIR/manifest\.json\Z')
        self.refuses(lambda: read_manifest(str(SCRATCH)), rf'is a folder; did you mean {re.escape(str(FILE))}\?\Z')
        for change, message in (
                (lambda m: m.update(version=2), 'expected a manifest of version 1, as "allot -o" writes'),
                (lambda m: m.update(inputs='x'), 'inputs: expected a list of names'),
                (lambda m: m.update(outputs=[1]), 'outputs: expected a list of names'),
                (lambda m: m.pop('parts'), 'parts: expected a list'), (lambda m: m.update(devices={}), 'devices: expected a list'),
                (lambda m: m['devices'].append(None), 'devices: each needs an id'),
                (lambda m: m['parts'][0].pop('file'), r'parts: each needs id, device, file, inputs and outputs; \{"id":"p0".* lacks some'),
                (lambda m: m['parts'].append(None), 'parts: each needs .*; null lacks some'),
                (lambda m: m['parts'][1].update(id='p0'), 'part p0 is there twice'),
                (lambda m: m['parts'][1].update(device='c'), 'part p1: there is no device c'),
                (lambda m: m['parts'][1].update(device=['a']), 'part p1: there is no device'),
                (lambda m: m['parts'][1]['outputs'].append('t'), 'tensor t comes from parts p0 and p1'),
                (lambda m: m['parts'][1]['outputs'].append('x'), 'tensor x is an input of the model and comes from part p1'),
                (lambda m: m['parts'][1]['inputs'].append('z'), 'part p1: no part makes its input z'),
                (lambda m: m['outputs'].append('z'), 'no part makes the output z'),
                (lambda m: m['parts'][0]['inputs'].append('y'), 'parts wait for each other: p0, p1'),
                (lambda m: m['parts'][0]['inputs'].append('t'), 'parts wait for each other: p0, p1'),
                (lambda m: m.update(signature=[]), 'signature: expected an object'),
                (lambda m: m.update(signature={'x': 1}), 'signature: x: expected an object'),
                (lambda m: m.update(signature={'x': {'dtype': 'float7'}}), 'signature: x: there is no element type "float7"'),
                (lambda m: m.update(signature={'x': {'dtype': 'int8', 'shape': [-1]}}), 'signature: x: expected a shape'),
                (lambda m: m.update(signature={'x': {'dtype': 'int8', 'shape': [2**60]}}), 'signature: x: expected a shape'),
                (lambda m: m.update(dims={'n': 2**60}), 'dims: expected sizes by name'), (lambda m: m.update(dims=[1]), 'dims: expected sizes by name'),
                (lambda m: m.update(default_dim='1'), 'default_dim: expected a size'), (lambda m: m.update(model=7), 'model: expected a path'),
                (lambda m: m.update(integrity=[]), 'integrity: expected an object'), (lambda m: m.update(predicted=3), 'predicted: expected an object'),
                (lambda m: m.update(onnxruntime={'session_options': []}), 'onnxruntime: session_options: expected an object'), (lambda m: m.update(state={}), 'state: expected a list of'),
                (lambda m: m.update(state=[{'output': 'y', 'input': 'q'}]), 'state: y to q: the model has no such output or input'),
                (lambda m: m['devices'][0].update(runtime=3), 'device a: runtime: expected an object'),
                (lambda m: m['devices'][0].update(runtime={'provider': 3}), 'device a: runtime.provider: expected a name'),
                (lambda m: m['devices'][0].update(runtime={'threads': -1}), 'device a: runtime.threads: expected a small whole number'),
                (lambda m: m['devices'][0].update(runtime={'ordinal': 2**40}), 'device a: runtime.ordinal: expected a small whole number')):
            with self.subTest(message):
                self.fault(change, message)

    def test_files_that_changed(self):
        content, p0 = b'what was written', SCRATCH / 'p0.onnx'
        manifest = read({**GOOD, 'integrity': {'p0.onnx': {'bytes': len(content), 'sha256': hashlib.sha256(content).hexdigest()}, 'w.bin': {'bytes': 3}}})
        self.refuses(lambda: check_integrity(manifest, ['p0.onnx']), rf'\A{p0}: the file is missing; write the parts again with allot\Z')
        p0.write_bytes(content)
        check_integrity(manifest, ['p0.onnx'])
        changed = rf'\A{p0}: the file is not the one that {FILE} describes \(its bytes changed\); write the parts again with allot\Z'
        for other in (content[1:], content.replace(b't', b'd')):
            p0.write_bytes(other)
            self.refuses(lambda: check_integrity(manifest, ['p0.onnx']), changed)
        # Of linked weights only the size is known; files that the manifest says nothing of must be there.
        (SCRATCH / 'w.bin').write_text('abc')
        (SCRATCH / 'p1.onnx').write_text('anything')
        check_integrity(manifest, ['w.bin', 'p1.onnx'])
        (SCRATCH / 'w.bin').write_text('abcd')
        self.refuses(lambda: check_integrity(manifest, ['w.bin']), r'w\.bin: the file is not the one')

    def test_files_that_are_not_beside_the_manifest(self):
        outside, folder = SCRATCH / 'outside', SCRATCH / 'inner'
        outside.mkdir()
        folder.mkdir()
        (outside / 'p0.onnx').write_bytes(b'')
        (folder / 'link.onnx').symlink_to('../outside/p0.onnx')
        (folder / 'linked').symlink_to('../outside')
        (folder / 'dangling.onnx').symlink_to('../outside/nothing.onnx')
        (folder / 'real.onnx').write_bytes(b'')
        (folder / 'inside.onnx').symlink_to('real.onnx')
        place = folder / 'manifest.json'

        def read_there(change):
            content = copy.deepcopy(GOOD)
            change(content)
            place.write_text(json.dumps(content))
            return read_manifest(str(place))

        before = os.getcwd()
        os.chdir(folder)  # whose name is empty then
        try:
            for name in ('../outside/p0.onnx', str(outside / 'p0.onnx'), 'a/../../outside/p0.onnx', 'link.onnx', 'linked/p0.onnx', 'dangling.onnx', '', '.', '..', 'x\0y'):
                for change in (lambda m: m['parts'][0].update(file=name), lambda m: m.update(external_data=[name]),
                               lambda m: m.update(lanes=[{'share': 1, 'parts': [
                                   {'id': 'q', 'device': 'a', 'file': name, 'inputs': ['x'], 'outputs': ['y']}]}])):
                    self.refuses(lambda: read_there(change), 'not in the folder of the manifest')
                    self.refuses(lambda: read_manifest('manifest.json'), 'not in the folder of the manifest')
            self.assertEqual(read_there(lambda m: m['parts'][0].update(file='inside.onnx')).lanes[0].parts[0].file, 'inside.onnx')
        finally:
            os.chdir(before)

    def test_lists_of_cores(self):
        def cores(text):
            return read({**GOOD, 'devices': [{'id': 'a', 'runtime': {'cores': text}}, {'id': 'b'}]})

        for text in ('0', '0-3,8', '', None):
            cores(text)
        for text in ('0-4000000000', '5-3', 'x', '0,', '-1', '1e9', [0], {}, '0-999999999'):
            self.refuses(lambda: cores(text), 'device a: cores: ')

    def test_a_device_is_no_manifest_nor_is_a_model(self):
        self.refuses(lambda: read_manifest('/dev/zero'), r'/dev/zero: is no file, and parts lie beside their manifest; give DIR/manifest\.json\Z')
        model = SCRATCH / 'model.onnx'
        model.write_bytes(b'\x08\x09:')
        self.refuses(lambda: read_manifest(str(model)), r'model\.onnx: .*JSON.*; expected the manifest\.json that "allot MODEL -o DIR" writes\Z')
        model.write_bytes(b'\xff\xfe')
        self.refuses(lambda: read_manifest(str(model)), r'model\.onnx: .*UTF-8.*; expected the manifest\.json')
        self.refuses(lambda: read_manifest('x\0y'), 'there is a zero byte in the name')


if __name__ == '__main__':
    unittest.main()
