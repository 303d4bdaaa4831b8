"""Tensors as bytes, small floats, and comparing tensors."""

import math
import unittest

import numpy

from allot.running.element_types import byte_size, element_type, is_element_type, name_of, number_of
from allot.running.other_values import decode as decode_value, encode as encode_value
from allot.running.small_floats import SMALL_FLOATS, decode, encode
from allot.running.tensors import VALUE, Tensor, Worst, describe, difference, from_bytes, to_bytes


def tensor(kind, data, dims=None):
    return Tensor(kind, tuple(dims or (len(data),)), data)


def floats(*values):
    return tensor('float32', numpy.array(values, 'float32'))


def codes(kind, *values, count=None):
    return Tensor(kind, (count or len(values),), numpy.array(values, numpy.uint8))


class Types(unittest.TestCase):
    def test_names_and_sizes(self):
        self.assertEqual((element_type('tensor(float)'), element_type('tensor(double)'), element_type('tensor(int4)')), ('float32', 'float64', 'int4'))
        self.assertEqual((element_type('seq(tensor(float))'), element_type('optional(tensor(float))')), (None, None))
        self.assertEqual((number_of('bfloat16'), name_of(22), name_of(99)), (16, 'int4', 'type 99'))
        self.assertEqual([byte_size(*one) for one in (('float32', 3), ('int4', 3), ('int4', 0), ('uint2', 5), ('bfloat16', 2), ('bool', 7))],
                         [12, 2, 0, 2, 4, 7])
        self.assertTrue(is_element_type('string') and not is_element_type('constructor') and not is_element_type(None))
        self.assertEqual(describe('float32', [1, 3, 8]), 'float32[1,3,8]')


class SmallFloats(unittest.TestCase):
    def test_known_values(self):
        for kind, known in (
                ('bfloat16', {0x3f80: 1, 0xc000: -2, 0x0001: 2.0**-133, 0x7f80: math.inf}),
                ('float8e4m3fn', {0x38: 1, 0x7e: 448, 0x01: 2.0**-9, 0xfe: -448}), ('float8e4m3fnuz', {0x40: 1, 0x7f: 240, 0x01: 2.0**-10}),
                ('float8e5m2', {0x3c: 1, 0x7b: 57344, 0x01: 2.0**-16, 0x7c: math.inf}), ('float8e5m2fnuz', {0x40: 1, 0x7f: 57344, 0x01: 2.0**-17}),
                ('float4e2m1', {0: 0, 1: 0.5, 2: 1, 7: 6, 15: -6}), ('float8e8m0', {127: 1, 0: 2.0**-127, 254: 2.0**127})):
            found = decode(kind, numpy.array(list(known), numpy.uint16))
            self.assertEqual(found.tolist(), list(known.values()), kind)
        for kind, code in (('float8e4m3fn', 0x7f), ('float8e4m3fnuz', 0x80), ('float8e5m2', 0x7d), ('float8e5m2fnuz', 0x80), ('bfloat16', 0x7fc0)):
            self.assertTrue(numpy.isnan(decode(kind, numpy.array([code]))[0]), kind)

    def test_every_finite_value_becomes_itself_again(self):
        for kind in SMALL_FLOATS:
            every = numpy.arange(16 if kind == 'float4e2m1' else 65536 if kind == 'bfloat16' else 256)
            values = decode(kind, every)
            finite = numpy.isfinite(values)
            self.assertEqual(decode(kind, encode(kind, values[finite])).tolist(), values[finite].tolist(), kind)


class Bytes(unittest.TestCase):
    def test_there_and_back(self):
        for kind, data in (('float32', [1, -0.0, math.nan]), ('int64', [-1, 2**62]), ('bool', [False, True]), ('float64', []), ('uint16', [65535])):
            array = numpy.array(data, kind)
            data = to_bytes(tensor(kind, array))
            self.assertEqual(len(data), array.nbytes)
            back = from_bytes(kind, [len(array)], bytearray(data))
            self.assertEqual((back.data.dtype, back.data.tobytes()), (array.dtype, array.tobytes()))
        self.assertEqual(len(to_bytes(tensor('float32', numpy.arange(4, dtype='float32')[1:3]))), 8)
        texts = ['a', '', 'ü\n"']
        self.assertEqual(from_bytes('string', [3], to_bytes(tensor('string', texts))).data, texts)
        self.assertEqual(from_bytes('int4', [3], b'\x21\x03').data.tolist(), [0x21, 0x03])

    def test_values_that_are_no_tensors(self):
        value = [{1: 0.5, 2: 0.25}, numpy.array([[1, 2]], 'int64'), ['text'], {'a': numpy.float32(2)}]
        back = decode_value(encode_value(value))
        self.assertEqual((back[0], back[1].tolist(), str(back[1].dtype), back[2], back[3]), (value[0], [[1, 2]], 'int64', ['text'], {'a': 2.0}))
        with self.assertRaisesRegex(ValueError, 'object'):
            encode_value(object())

        def as_tensor(value):
            return Tensor(VALUE, (), numpy.frombuffer(encode_value(value), numpy.uint8))

        self.assertIsNone(difference(as_tensor([{1: 0.5}]), as_tensor([{1: 0.5 + 1e-7}]), 1e-6))
        self.assertRegex(difference(as_tensor([{1: 0.5}]), as_tensor([{1: 0.75}]), 1e-6), r'element .* is 0\.5 instead of 0\.75')
        self.assertRegex(difference(as_tensor([{1: 0.5}]), as_tensor([{2: 0.5}]), 1), 'is 1 instead of 2')


class Differences(unittest.TestCase):
    def test_bit_for_bit(self):
        self.assertIsNone(difference(floats(1, -0.0, math.nan, math.inf), floats(1, -0.0, math.nan, math.inf), 0))
        self.assertEqual(difference(floats(1, 2), floats(1, 2.5), 0), 'element 1 is 2 instead of 2.5')
        self.assertEqual(difference(floats(0), floats(-0.0), 0), 'element 0 is 0 instead of -0')
        self.assertEqual(difference(floats(1), floats(math.nan), 0), 'element 0 is 1 instead of NaN (0x7fc00000)')
        odd = tensor('float32', numpy.array([0x7fc00001], 'uint32').view('float32'))
        self.assertEqual(difference(odd, floats(math.nan), 0), 'element 0 is NaN (0x7fc00001) instead of NaN (0x7fc00000)')
        self.assertIsNone(difference(odd, odd, 0))
        # The first is named, with NaN that is equal before it.
        self.assertEqual(difference(floats(math.nan, 3, 4), floats(math.nan, 2, 5), 0), 'element 1 is 3 instead of 2')
        self.assertEqual(difference(tensor('float16', numpy.float16([1])), tensor('float16', numpy.float16([2])), 0), 'element 0 is 1 instead of 2')

    def test_within_a_tolerance(self):
        worst = Worst()
        self.assertIsNone(difference(floats(1, 100), floats(1.5, 101), 0.3, worst))
        self.assertAlmostEqual(worst.value, 0.5 / 2.5)
        self.assertEqual(difference(floats(1), floats(1.5), 0.1), 'element 0 is 1 instead of 1.5')
        self.assertIsNone(difference(floats(math.nan, -0.0), floats(math.nan, 0), 1e-9))
        for got, want in ((math.nan, 1), (1, math.nan), (math.inf, 1), (1, math.inf), (-math.inf, math.inf)):
            self.assertRegex(difference(floats(got), floats(want), 1e9), r'\Aelement 0 is')
        self.assertAlmostEqual(worst.value, 0.5 / 2.5)
        self.assertIsNone(difference(tensor('float16', numpy.float16([1.001])), tensor('float16', numpy.float16([1])), 1e-3))

    def test_types_that_numpy_lacks(self):
        self.assertIsNone(difference(codes('int4', 0x21, 0x03, count=3), codes('int4', 0x21, 0x03, count=3), 0))
        self.assertEqual(difference(codes('int4', 0x21, 0x0f, count=3), codes('int4', 0x21, 0x03, count=3), 9), 'element 2 is -1 instead of 3')
        self.assertEqual(difference(codes('uint4', 0x2f), codes('uint4', 0x2e), 9), 'element 0 is 15 instead of 14')
        self.assertEqual(difference(codes('float8e4m3fn', 0x38), codes('float8e4m3fn', 0x40), 0), 'element 0 is 1 instead of 2')
        self.assertIsNone(difference(codes('float8e4m3fn', 0x38), codes('float8e4m3fn', 0x39), 0.1))
        half = Tensor('bfloat16', (2,), numpy.array([0x3f80, 0x7fc0], 'uint16').view('uint8'))
        self.assertIsNone(difference(half, Tensor('bfloat16', (2,), numpy.array([0x3f81, 0x7fc1], 'uint16').view('uint8')), 1e-2))
        self.assertEqual(difference(half, Tensor('bfloat16', (2,), numpy.array([0x3f80, 0x7fc1], 'uint16').view('uint8')), 0),
                         'element 1 is NaN (0x7fc0) instead of NaN (0x7fc1)')

    def test_all_but_floats_must_be_equal_whatever_the_tolerance(self):
        for kind, got, want, message in (
                ('int64', numpy.int64([1]), numpy.int64([2]), 'element 0 is 1 instead of 2'),
                ('uint8', numpy.uint8([7, 8]), numpy.uint8([7, 9]), 'element 1 is 8 instead of 9'),
                ('bool', numpy.array([True]), numpy.array([False]), 'element 0 is True instead of False'),
                ('string', ['a', 'b'], ['a', 'c'], 'element 1 is "b" instead of "c"')):
            self.assertEqual(difference(tensor(kind, got), tensor(kind, want), 10), message)
        self.assertIsNone(difference(tensor('string', ['a']), tensor('string', ['a']), 0))

    def test_types_and_shapes_must_be_equal(self):
        self.assertEqual(difference(floats(1), tensor('float64', numpy.array([1.0])), 1), 'float32[1] instead of float64[1]')
        self.assertEqual(difference(floats(1, 2), tensor('float32', numpy.float32([1, 2]), [2, 1]), 1), 'float32[2] instead of float32[2,1]')
        empty = numpy.zeros(0, 'float32')
        self.assertEqual(difference(tensor('float32', empty, [0, 3]), tensor('float32', empty, [3, 0]), 0), 'float32[0,3] instead of float32[3,0]')


if __name__ == '__main__':
    unittest.main()
