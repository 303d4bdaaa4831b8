"""Inputs of a model: seeded, by side file, and from a folder."""

import contextlib
import io
import json
import unittest

import numpy

from placed_models import make_scratch

from allot.errors import RunError
from allot.running.inputs import InputType, make_input, make_inputs, read_inputs
from allot.running.random_numbers import RandomNumbers
from allot.running.side_file import InputSpec, read_input_spec, warn_of_unknown
from allot.running.tensors import Tensor, difference

SCRATCH = make_scratch('inputs')


def make(kind, rule=None, shape=(1000,), seed=1):
    return make_input(InputType('x', kind, tuple(shape)), rule or {}, {}, 1, seed)


def said(body):
    """What is written to stderr while `body` runs."""
    with contextlib.redirect_stderr(io.StringIO()) as text:
        body()
    return text.getvalue()


class Case(unittest.TestCase):
    def refuses(self, body, message):
        with self.assertRaises(RunError) as caught:
            body()
        self.assertRegex(str(caught.exception), message)


class MadeInputs(Case):
    def test_the_same_numbers_on_every_machine(self):
        random = RandomNumbers(1, 'x')
        first = [random(), random(), random()]
        self.assertEqual(first, [0.7210021985229105, 0.32033186056651175, 0.16714606224559247])
        self.assertEqual(RandomNumbers(1, 'x').take(3).tolist(), first)
        self.assertNotEqual(RandomNumbers(2, 'x')(), first[0])
        self.assertNotEqual(RandomNumbers(1, 'y')(), first[0])
        many = random.take(100000)
        self.assertTrue(((many >= 0) & (many < 1)).all())
        again = RandomNumbers(1, 'x')
        again.take(3)
        self.assertEqual(numpy.concatenate([again.take(1), again.take(99999)]).tolist(), many.tolist())

    def test_values_of_each_type(self):
        data = make('float32', {}, [10000]).data
        self.assertTrue(abs(data.mean()) < 0.05 and abs(data.var() - 1) < 0.1)

        def extent(kind, rule=None):
            values = make(kind, rule).data
            return int(values.min()), int(values.max())

        self.assertEqual(extent('int64'), (0, 7))
        self.assertEqual(extent('int32', {'low': -2, 'high': 3}), (-2, 2))
        self.assertEqual(extent('int32', {'low': 10}), (10, 10))
        self.assertEqual(extent('bool'), (0, 1))
        (least, most), (low, high) = extent('int8'), extent('uint8')
        self.assertTrue(least < -100 and most > 100 and low < 28 and high > 228)
        self.assertTrue((abs(make('float16').data) <= 3.5).all())
        self.assertTrue(all(isinstance(text, str) for text in make('string').data))
        self.refuses(lambda: make('complex64'), r'\Ainput x: no values can be made for type complex64\Z')

    def test_values_of_types_that_numpy_lacks(self):
        self.assertEqual(make('bfloat16', {'values': [1, -2, 0.5]}, [3]).data.view('uint16').tolist(), [0x3f80, 0xc000, 0x3f00])
        self.assertEqual(make('float8e4m3fn', {'values': [1, -2, 448, 1000]}, [4]).data.tolist(), [0x38, 0xc0, 0x7e, 0x7e])
        self.assertEqual(make('float8e5m2', {'values': [1, -2]}, [2]).data.tolist(), [0x3c, 0xc0])
        self.assertEqual(make('int4', {'values': [1, -2, 7]}, [3]).data.tolist(), [0xe1, 0x07])
        self.assertEqual(make('uint4', {'values': [15, 1, 99]}, [3]).data.tolist(), [0x1f, 0x0f])
        for kind, size in (('bfloat16', 2000), ('float8e4m3fnuz', 1000), ('float4e2m1', 500), ('int4', 500), ('uint2', 250)):
            self.assertEqual(len(make(kind).data), size, kind)
        exact = make('float32', {}).data
        rounded = Tensor('float32', (1000,), (make('bfloat16').data.view('uint16').astype('uint32') << 16).view('float32'))
        self.assertIsNone(difference(rounded, Tensor('float32', (1000,), exact), 4e-3))

    def test_rules(self):
        self.assertEqual(make('float32', {'value': 2.5}, [3]).data.tolist(), [2.5, 2.5, 2.5])
        self.assertEqual(make('int64', {'values': [1, 2]}, [3]).data.tolist(), [1, 2, 1])
        self.assertEqual(make('int64', {'value': 2**53 - 1}, [1]).data.tolist(), [2**53 - 1])
        self.assertEqual(make('bool', {'value': False}, [2]).data.tolist(), [False, False])
        self.assertEqual(make('string', {'values': ['a', 7]}, [2]).data, ['a', '7'])
        self.assertEqual(make('float32', {'shape': [2, 3]}, [9, 9]).dims, (2, 3))
        plain, scaled = make('float32').data, make('float32', {'scale': 0.5, 'mean': 3}).data
        self.assertTrue((abs(scaled - (plain * 0.5 + 3)) < 1e-6).all())
        self.refuses(lambda: make('float32', {'value': 'text'}, [3]), 'input x: the side file gives no float32')
        self.refuses(lambda: make('int64', {'value': 1e30}, [3]), 'input x: the side file gives no int64')

    def test_shapes(self):
        def dims(shape, sizes=None):
            return make_input(InputType('x', 'float32', tuple(shape)), {}, sizes or {}, 5, 1).dims

        self.assertEqual(dims([2, 'batch', None, -1], {'batch': 3}), (2, 3, 5, 5))
        self.assertEqual(dims([]), ())
        self.assertEqual(len(make('float32', {}, []).data), 1)
        self.assertEqual(len(make('float32', {}, [0, 4]).data), 0)

    def test_all_inputs_but_those_that_are_omitted(self):
        wanted = [InputType('a', 'float32', (2,)), InputType('b', None), InputType('c', 'int64', ('n',))]
        spec = InputSpec(dims={'n': 3}, inputs={'b': {'omit': True}})
        self.assertEqual([(name, tensor.dims) for name, tensor in make_inputs(wanted, spec, 1, 1).items()], [('a', (2,)), ('c', (3,))])
        self.refuses(lambda: make_inputs(wanted, InputSpec(), 1, 1), r'\Ainput b is no tensor, and ')

    def test_shapes_of_more_elements_than_there_can_be(self):
        for shape in ([2**40], [2**20, 2**20], [2**53 - 1, 2**53 - 1]):
            self.refuses(lambda: make_inputs([InputType('x', 'float32', tuple(shape))], InputSpec(), 1, 0), 'input x of the shape .* would have')
            spec = InputSpec(inputs={'x': {'shape': shape}})
            self.refuses(lambda: make_inputs([InputType('x', 'float32', ('n',))], spec, 1, 0), 'input x of the shape')


class SideFiles(Case):
    def test_side_files(self):
        file = SCRATCH / 'model.inputs.json'
        self.assertEqual(read_input_spec(str(SCRATCH / 'other.onnx')), InputSpec())
        self.refuses(lambda: read_input_spec('', str(SCRATCH / 'nothing.json')), r'nothing\.json: No such file')
        file.write_text(json.dumps({'dims': {'batch': 2}, 'inputs': {'x': {
            'low': 0, 'high': 4, 'value': 1, 'values': [True, 'a'], 'shape': [1], 'scale': 0.5, 'mean': -1, 'omit': False}}}))
        self.assertEqual(read_input_spec(str(SCRATCH / 'model.onnx')).dims['batch'], 2)
        for content, message in (
                ('{', 'JSON'), ('[]', 'expected an object with "dims" and "inputs"'), ('null', 'expected an object with "dims" and "inputs"'),
                ('[' * 100000, 'JSON'), ('{"dims": {"n": NaN}}', 'NaN is no number in JSON'), ('{"dims": {"n": 1e400}}', 'expected a size'),
                ({'inputs': []}, 'expected an object with "dims" and "inputs"'), ({'dim': {}}, 'unknown key "dim"; there are "dims" and "inputs"'),
                ({'dims': {'n': -1}}, 'dims: n: expected a size, not -1'), ({'dims': {'n': '3'}}, 'dims: n: expected a size, not "3"'),
                ({'dims': {'n': 2**53}}, 'dims: n: expected a size'), ({'dims': {'n': True}}, 'dims: n: expected a size, not true'),
                ({'inputs': {'x': 3}}, 'inputs: x: expected an object'),
                ({'inputs': {'x': {'hi': 3}}}, 'inputs: x: unknown key "hi"; there are low, high, scale, mean, value, values, shape, omit'),
                ({'inputs': {'x': {'low': 0.5}}}, 'inputs: x: "low": expected an integer, not 0.5'),
                ({'inputs': {'x': {'values': []}}}, r'inputs: x: "values": expected a list of numbers, texts or truth values, not \[\]'),
                ({'inputs': {'x': {'shape': [1, 'n']}}}, r'inputs: x: "shape": expected a list of sizes, not \[1,"n"\]'),
                ({'inputs': {'x': {'omit': 1}}}, 'inputs: x: "omit": expected true or false, not 1')):
            file.write_text(content if isinstance(content, str) else json.dumps(content))
            with self.subTest(message):
                self.refuses(lambda: read_input_spec('', str(file)), rf'\A{file}: .*{message}')

    def test_names_that_the_model_does_not_have(self):
        spec = InputSpec('m.inputs.json', {'batch': 2, 'sequence': 3}, {'ids': {}, 'mask': {}})
        self.assertEqual(said(lambda: warn_of_unknown(spec, {'batch': 4}, ['ids', 'mask'], ['batch', 'sequence'])), '')
        odd = InputSpec('m.inputs.json', {'bach': 2}, {'idz': {'low': 0}, 'ma\nsk': {}})
        self.assertEqual(said(lambda: warn_of_unknown(odd, {'sequense': 3}, ['ids', 'mask'], ['batch', 'sequence'])), ''.join((
            "warning: m.inputs.json: inputs: the model has no input 'idz'; did you mean 'ids'?\n",
            "warning: m.inputs.json: inputs: the model has no input 'ma sk'; did you mean 'mask'?\n",
            "warning: m.inputs.json: dims: the model has no dimension 'bach'; did you mean 'batch'?\n",
            "warning: --dim=sequense=3: the model has no dimension 'sequense'; did you mean 'sequence'?\n")))
        self.assertEqual(said(lambda: warn_of_unknown(odd, {}, ['ids', 'mask'], ['batch', 'sequence'])), '', 'said once')
        self.assertEqual(said(lambda: warn_of_unknown(InputSpec(), {'n': 3}, ['x'], [])),
                         "warning: --dim=n=3: the model has no dimension 'n' (there are none)\n")


class Folders(Case):
    def test_a_folder_of_tensors(self):
        folder = SCRATCH / 'feeds'
        folder.mkdir()
        index = folder / 'index.json'
        (folder / 'x.bin').write_bytes(numpy.arange(1, 7, dtype='<f4').tobytes())
        (folder / 's.json').write_text(json.dumps(['a', 'b']))
        (folder / 'b.bin').write_bytes(b'\x80\x3f\x00\xc0')
        x, s = {'name': 'x', 'type': 'float32', 'dims': [2, 3], 'file': 'x.bin'}, {'name': 's', 'type': 'string', 'dims': [2], 'file': 's.json'}
        wants_x, wants_s = InputType('x', 'float32', ('n', 3)), InputType('s', 'string', (-1,))

        def read(entries, wanted=(wants_x,), others=()):
            index.write_text(entries if isinstance(entries, str) else json.dumps(entries))
            return read_inputs(str(folder), wanted, others)

        found = read([s, x], [wants_x, wants_s])
        self.assertEqual((found['x'].dims, found['x'].data.tolist(), found['s'].data), ((2, 3), [1, 2, 3, 4, 5, 6], ['a', 'b']))
        b = {'name': 'b', 'type': 'bfloat16', 'dims': [2], 'file': 'b.bin'}
        self.assertEqual(read([b], [InputType('b', 'bfloat16', (2,))])['b'].data.tolist(), [0x80, 0x3f, 0, 0xc0])
        self.assertEqual(read([], [InputType('y', None, optional=True)]), {})
        self.assertEqual(said(lambda: read([s, x])), f"warning: {index}: the model has no input 's'; did you mean 'x'?\n")
        self.assertEqual(said(lambda: read([s, x], [wants_x], ['s'])), '', 'an input that the plan fixed')

        self.refuses(lambda: read_inputs(str(SCRATCH / 'no-folder'), []), r'no-folder/index\.json: No such file')
        for bad in ('{}', '[1]', '[null]'):
            self.refuses(lambda: read(bad), rf'\A{index}: expected a list of {{name, type, dims, file}}\Z')
        takes = r'the model takes float32\[n,3\]\Z'
        for entry, message in (
                (s, f'{index}: there is no input x'), ({**x, 'type': 'int32'}, rf'{index}: input x is int32\[2,3\], {takes}'),
                ({**x, 'type': 'float7'}, 'input x: no tensor can hold elements of type float7'),
                ({**x, 'type': None}, 'input x: no tensor can hold elements of type None'),
                ({**x, 'dims': [3, 2]}, rf'input x is float32\[3,2\], {takes}'), ({**x, 'dims': [6]}, rf'input x is float32\[6\], {takes}'),
                *(({**x, 'dims': dims}, r'input x: dims: expected a list of sizes\Z') for dims in (None, [-2, -3], [2.5, 3], ['2', 3], [2**60, 3])),
                ({**x, 'dims': [3, 3]}, rf"{folder / 'x.bin'}: 24 bytes do not hold float32\[3,3\]\Z"),
                ({**x, 'dims': [2**52, 3]}, r'24 bytes do not hold float32\[4503599627370496,3\]\Z'),
                ({**x, 'file': 'y.bin'}, r'y\.bin: No such file'), ({**x, 'file': 7}, 'file: expected the name of a file')):
            with self.subTest(message):
                self.refuses(lambda: read([entry]), message)
        self.refuses(lambda: read([x], [InputType('x', None)]), r'input x is float32\[2,3\], the model takes no tensor\Z')
        self.refuses(lambda: read([{**s, 'dims': [3]}], [wants_s]), r's\.json: expected a list of 3 texts\Z')
        self.refuses(lambda: read([{**s, 'file': 'x.bin'}], [wants_s]), r'x\.bin: ')
        self.refuses(lambda: read([{**s, 'dims': [1, 2]}], [wants_s]), r'input s is string\[1,2\], the model takes string\[\?\]\Z')


if __name__ == '__main__':
    unittest.main()
