"""Inputs of models in ONNX Runtime: the same numbers on every machine, by the names of the inputs."""
import zlib

import numpy

ELEMENTS = {'tensor(float)': numpy.float32, 'tensor(float16)': numpy.float16, 'tensor(double)': numpy.float64,
            'tensor(int64)': numpy.int64, 'tensor(int32)': numpy.int32, 'tensor(bool)': numpy.bool_}


def sample_inputs(session, sizes=None, integers=8):
    """{input: array} for an onnxruntime.InferenceSession. `sizes` gives symbolic dimensions; the others are 2. Numbers are in
    [-2, 2), integers in [0, `integers`)."""
    sizes = sizes or {}
    values = {}
    for one in session.get_inputs():
        if one.type not in ELEMENTS:
            raise ValueError(f'input {one.name}: no values for the type {one.type}')
        shape = [size if isinstance(size, int) else sizes.get(size, 2) for size in one.shape]
        uniform = numpy.random.RandomState(zlib.crc32(one.name.encode())).uniform(size=shape)
        element = ELEMENTS[one.type]
        if element is numpy.bool_:
            values[one.name] = numpy.asarray(uniform >= 0.5)
        elif numpy.issubdtype(element, numpy.integer):
            values[one.name] = numpy.asarray(numpy.floor(uniform * integers), element)
        else:
            values[one.name] = numpy.asarray(uniform * 4 - 2, element)
    return values
