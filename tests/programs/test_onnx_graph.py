"""Reading the graph of an ONNX file, damaged ones too."""

import os
import unittest

from onnx_bytes import message, onnx_model
from programs import scratch_folder

from allot.errors import InvalidInput
from allot.profiling.onnx_graph import Node, node_label, read_onnx_graph

FILE = scratch_folder('onnx') / 'm.onnx'
MODEL = onnx_model(
    inputs=[('x', 2)], outputs=[('y', 2)], weights=[('w', 2, 50000)],
    nodes=[
        dict(name='first', op='Add', inputs=['x', 'w'], outputs=['t']),
        dict(op='If', domain='some.domain', inputs=['t', ''], outputs=['y'], bodies=[
            dict(nodes=[dict(op='Mul', inputs=['x', 'k'], outputs=['inner'])], weights=[('k', 1)], outputs=[('inner', 2)]),
            dict(nodes=[dict(op='If', inputs=['c'], outputs=['o'], bodies=[dict(nodes=[], outputs=[('deep', 1)])])], outputs=[('o', 1)]),
        ]),
    ])


def read(data):
    FILE.write_bytes(data)
    return read_onnx_graph(str(FILE))


class OnnxGraph(unittest.TestCase):
    def test_nodes_names_and_what_bodies_capture(self):
        graph = read(MODEL)
        self.assertEqual((graph.inputs, graph.outputs, graph.initializers), (['x'], ['y'], ['w']))
        self.assertEqual(graph.nodes, [
            Node('first', 'Add', '', ['x', 'w'], ['t'], [], False),
            Node('', 'If', 'some.domain', ['t', ''], ['y'], ['x', 'c', 'deep'], True)])
        self.assertEqual([node_label(node, i) for i, node in enumerate(graph.nodes)], ['first', 'If#1'])

    def test_every_file_that_is_cut_off_is_an_error(self):
        for length in range(300):
            with self.assertRaisesRegex(InvalidInput, r'm\.onnx: not a readable ONNX model: byte \d+: '):
                read(MODEL[:length])

    def test_every_damaged_byte_is_an_error_or_harmless(self):
        small = onnx_model(inputs=[('x', 2)], outputs=[('y', 2)], nodes=[dict(name='a', op='Neg', inputs=['x'], outputs=['y'])])
        errors = 0
        for i in range(len(small)):
            for bits in (0x01, 0x07, 0x80, 0xff):
                data = bytearray(small)
                data[i] ^= bits
                try:
                    read(data)
                except InvalidInput:
                    errors += 1
        self.assertGreater(errors, len(small), f'only {errors} of {4 * len(small)} were noticed')

    def test_what_is_no_model(self):
        deep = message(1, message(4, 'X'))
        for _ in range(100):
            deep = message(1, message(5, message(6, deep)))
        for data, error in (
                (b'', 'byte 0: no graph before the end'), (b'\x3a\x7f', 'byte 0: field 7 is longer than what it lies in'),
                (b'\x3b', 'byte 0: a field of the unknown kind 3'), (b'\x38\x01', 'field 7 is not a message'),
                (b'\xff' * 20, 'a number of more than 10 bytes'), (b'\0\0', 'a field of the number 0'),
                (message(7, deep), 'nested more than 64 deep')):
            with self.assertRaisesRegex(InvalidInput, error):
                read(data)
        fifo = FILE.with_name('fifo')
        os.mkfifo(fifo)
        for path, error in ((FILE.parent, 'cannot be read: is a folder'), (f'{FILE}.absent', r'm\.onnx\.absent: there is no such file'),
                            (fifo, 'cannot be read: is no file; from a pipe, write it to a file first')):
            with self.assertRaisesRegex(InvalidInput, error):
                read_onnx_graph(str(path))
