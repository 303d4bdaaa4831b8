"""`allot run --steps`: what a step leaves to the next one, and where it stays."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy
import onnx
import onnxruntime

import allot
from allot.errors import InvalidInput
from allot.running.manifest import Manifest, Signature, StatePair
from allot.running.state import parse_state
from models import cell, decoder

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = f'import sys; sys.path[0] = {str(ROOT / "python")!r}; from allot.commands.run import main; main()'
STEPS = 100
EMPTY = ('--dim=past=0', '--dim=total=1')  # a cache that is empty at first


def two_cpus():
    target = allot.Target('two')
    for name in ('left', 'right'):
        target.add_cpu(name, memory='1GiB', flops='10G', memory_bandwidth='10GB/s', runtime={'provider': 'cpu', 'threads': 1})
    return target.link('left', 'right', bandwidth='10GB/s', latency_us=1)


class Steps(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def place(self, model, pins, inputs=None):
        path = self.folder / 'model.onnx'
        onnx.save(model, str(path))
        if inputs is not None:
            (self.folder / 'model.inputs.json').write_text(json.dumps(inputs))
        out = self.folder / 'out'
        dims = {} if inputs is None else inputs.get('dims', {})
        allot.load(path).plan(two_cpus(), pins=pins, dims=dims).save(out)
        return out / 'manifest.json'

    def run_(self, manifest, *arguments):
        said = subprocess.run([sys.executable, '-c', PROGRAM, str(manifest), *arguments], capture_output=True, text=True)
        return said

    def json(self, manifest, *arguments):
        said = self.run_(manifest, '--json', *arguments)
        self.assertEqual((said.returncode, said.stderr), (0, ''))
        return json.loads(said.stdout)

    def fails(self, manifest, message, *arguments):
        said = self.run_(manifest, *arguments)
        self.assertEqual((said.returncode, said.stdout), (1, ''))
        self.assertRegex(said.stderr, message)

    def decoder_on_two_devices(self):
        inputs = {'dims': {'batch': 2, 'sequence': 1, 'past': 50, 'total': 51},
                  'inputs': {'input_ids': {'values': [3, 7]}, 'attention_mask': {'value': 1}, 'position_ids': {'value': 0}}}
        pins = {'embed/.*|mask/.*|layer[0-5]/.*': 'left', 'layer([6-9]|1[01])/.*|head': 'right'}
        return self.place(decoder(), pins, inputs)

    def tokens_of_the_whole(self):
        """By a loop of its own."""
        session = onnxruntime.InferenceSession(decoder().SerializeToString(), providers=['CPUExecutionProvider'])
        past = {value.name: numpy.zeros((2, 2, 0, 16), numpy.float32) for value in session.get_inputs() if 'past' in value.name}
        names, ids, tokens = [value.name for value in session.get_outputs()], numpy.int64([[3], [7]]), []
        for step in range(STEPS):
            results = dict(zip(names, session.run(names, {
                'input_ids': ids, 'position_ids': numpy.full((2, 1), step), 'attention_mask': numpy.ones((2, step + 1), numpy.int64), **past})))
            ids = results['logits'][:, -1].argmax(-1)[:, None]
            tokens.append(ids[:, 0].tolist())
            past = {name: results[name.replace('past_key_values', 'present')] for name in past}
        return tokens

    def test_a_decoder_keeps_its_cache_where_it_is(self):
        manifest = self.decoder_on_two_devices()
        parts = json.loads(manifest.read_text())['parts']
        self.assertEqual({part['device'] for part in parts}, {'left', 'right'})
        report = self.json(manifest, f'--steps={STEPS}', *EMPTY, '--check', '--opt=disabled')
        self.assertEqual(report['tokens'], self.tokens_of_the_whole())
        self.assertEqual((report['steps'], report['samples'], report['check']), (STEPS, STEPS, {'compared': STEPS, 'tolerance': 0.0, 'worst': 0.0}))
        state = report['state']
        self.assertEqual((len(state['pairs']), state['crossed_bytes']), (24, 0))
        self.assertEqual(state['bytes'], 24 * 2 * 2 * STEPS * 16 * 4)
        devices = {pair['output']: pair['device'] for pair in state['pairs']}
        self.assertEqual((devices['present.0.key'], devices['present.11.value']), ('left', 'right'))
        self.assertFalse([pair for pair in state['pairs'] if pair['sent_to']])
        self.assertRegex(self.run_(manifest, '--steps=5', *EMPTY, '--check').stdout,
                         r"\n  state: 24 outputs fed back, .* at the last step; none of it crosses devices\n  tokens: \d+ .*\n\n"
                         r"  all outputs of 5 steps equal the whole model's")

    def test_the_whole_model_decodes_on_one_device(self):
        report = self.json(self.decoder_on_two_devices(), '--steps=8', *EMPTY, '--whole=right')
        self.assertEqual(report['tokens'], self.tokens_of_the_whole()[:8])
        self.assertEqual({pair['device'] for pair in report['state']['pairs']}, {'right'})

    def test_a_state_that_another_device_takes_is_sent(self):
        manifest = self.place(cell(), {'turn': 'left', 'join|tanh|relu': 'right'})
        report = self.json(manifest, '--steps=30', '--check', '--opt=disabled')
        self.assertEqual(report['state'], {'pairs': [{'output': 'stateN', 'input': 'state', 'device': 'right', 'sent_to': ['left']}],
                                           'bytes': 2 * 16 * 4, 'crossed_bytes': 2 * 16 * 4})
        self.assertEqual((report['check']['worst'], 'tokens' in report), (0, False))
        self.assertRegex(self.run_(manifest, '--steps=3').stdout, 'stateN, made on right, is sent to left\n')

    def test_a_state_that_another_device_takes_within_the_step_is_sent(self):
        manifest = self.place(cell(), {'turn|join|tanh': 'left', 'relu': 'right'})
        report = self.json(manifest, '--steps=30', '--check', '--opt=disabled')
        self.assertEqual(([pair['sent_to'] for pair in report['state']['pairs']], report['state']['crossed_bytes'], report['check']['worst']),
                         ([['right']], 2 * 16 * 4, 0))

    def test_a_state_on_one_device_stays(self):
        manifest = self.place(cell(), {'turn|join|tanh|relu': 'left'})
        report = self.json(manifest, '--steps=30', '--check', '--opt=disabled')
        self.assertEqual((report['state']['crossed_bytes'], report['check']['worst']), (0, 0))

    def test_the_manifest_says_what_is_state(self):
        manifest = self.place(cell(), {'turn': 'left', 'join|tanh|relu': 'right'})
        said = json.loads(manifest.read_text())
        said['state'] = [{'output': 'y', 'input': 'state'}]
        manifest.write_text(json.dumps(said))
        report = self.json(manifest, '--steps=5', '--check', '--opt=disabled')
        self.assertEqual([(pair['output'], pair['input']) for pair in report['state']['pairs']], [('y', 'state')])
        report = self.json(manifest, '--steps=5', '--state=stateN=state')
        self.assertEqual([pair['output'] for pair in report['state']['pairs']], ['stateN'])
        self.assertEqual(self.json(manifest, '--steps=5', '--state=off')['state']['pairs'], [])
        said['state'] = [{'output': 'z', 'input': 'state'}]
        manifest.write_text(json.dumps(said))
        self.fails(manifest, r'manifest\.json: state: z to state: the model has no such output or input\n', '--steps=5')

    def test_what_cannot_be_asked_for(self):
        manifest = self.place(cell(), {'turn': 'left', 'join|tanh|relu': 'right'})
        self.fails(manifest, '--state=stateN=state: state passes between steps; add --steps=N', '--state=stateN=state')
        self.fails(manifest, 'there is no pipeline of them', '--steps=3', '--mode=pipeline')
        self.fails(manifest, r"no output 'stateM'; did you mean 'stateN'\?", '--steps=3', '--state=stateM=state')
        self.fails(manifest, r"no input 'stat'; did you mean 'state'\?", '--steps=3', '--state=stateN=stat')
        self.fails(manifest, 'expected auto, off, or OUTPUT=INPUT', '--steps=3', '--state=some')
        self.fails(manifest, 'state is there twice', '--steps=3', '--state=stateN=state,y=state')


def manifest_of(inputs, outputs, kind='float32', shape=('n', 4)):
    signature = {name: Signature(kind, tuple(shape)) for name in (*inputs, *outputs)}
    return Manifest('m.json', '.', tuple(inputs), tuple(outputs), {}, (), signature)


class Names(unittest.TestCase):
    def test_pairs_are_read_whatever_names_hold(self):
        manifest = manifest_of(['a=b', 'c,d', 'e'], ['x', 'y,z', 'w=='])
        self.assertEqual(parse_state('x=a=b,y,z=c,d,w===e', manifest), (StatePair('x', 'a=b'), StatePair('y,z', 'c,d'), StatePair('w==', 'e')))
        with self.assertRaisesRegex(InvalidInput, 'no output'):
            parse_state('x=a=b,q=e', manifest)


if __name__ == '__main__':
    unittest.main()
