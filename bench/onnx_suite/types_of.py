"""Types, as Allot prints them, as ONNX writes them and as values have them.

A type is ("tensor", element or None, dims or None), with ("seq"|"opt", type) around it, or None for one that is not known. A
dimension is a number, the name of a symbol, or None.
"""
import numpy
import onnx
from onnx import TensorProto, helper

_ELEMENTS = {
    "f32": TensorProto.FLOAT, "ui8": TensorProto.UINT8, "i8": TensorProto.INT8, "ui16": TensorProto.UINT16,
    "i16": TensorProto.INT16, "i32": TensorProto.INT32, "i64": TensorProto.INT64, "!onnx.string": TensorProto.STRING,
    "i1": TensorProto.BOOL, "f16": TensorProto.FLOAT16, "f64": TensorProto.DOUBLE, "ui32": TensorProto.UINT32,
    "ui64": TensorProto.UINT64, "complex<f32>": TensorProto.COMPLEX64, "complex<f64>": TensorProto.COMPLEX128,
    "bf16": TensorProto.BFLOAT16, "f8E4M3FN": TensorProto.FLOAT8E4M3FN, "f8E4M3FNUZ": TensorProto.FLOAT8E4M3FNUZ,
    "f8E5M2": TensorProto.FLOAT8E5M2, "f8E5M2FNUZ": TensorProto.FLOAT8E5M2FNUZ, "ui4": TensorProto.UINT4,
    "i4": TensorProto.INT4, "!onnx.f4E2M1": TensorProto.FLOAT4E2M1, "!onnx.f8E8M0": TensorProto.FLOAT8E8M0,
    "ui2": TensorProto.UINT2, "i2": TensorProto.INT2,
}


def _split(text):
    """`text` at the commas that are inside of no bracket."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        if c in "<[{(":
            depth += 1
        elif c in ">]})":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    last = text[start:].strip()
    return parts + [last] if last else parts


def _parse(text):
    for prefix, kind in (("!onnx.seq<", "seq"), ("!onnx.opt<", "opt")):
        if text.startswith(prefix):
            return kind, _parse(text[len(prefix):-1])
    if not text.startswith("tensor<"):
        if text.startswith("!onnx.map<"):
            return "map", None
        return None
    body, *attributes = _split(text[len("tensor<"):-1])
    symbols = None
    for attribute in attributes:
        if "dim_params" in attribute:
            names = attribute[attribute.index("[") + 1:attribute.rindex("]")]
            symbols = [name.strip('"') for name in _split(names)]
    dims = []
    if body.startswith("*x"):
        dims, body = None, body[2:]
    else:
        while body[0].isdigit() or body[0] == "?":
            size, body = body.split("x", 1)
            dims.append(None if size == "?" else int(size))
        for i, symbol in enumerate(symbols or []):
            if symbol:
                dims[i] = symbol
    return "tensor", _ELEMENTS.get(body), dims


def of_text(text):
    """The types of the graph's outputs in the text of allot-opt."""
    line = [line for line in text.splitlines() if line.lstrip().startswith('"onnx.Return"')][-1]
    types = line[line.index(" : (") + len(" : "):line.rindex(" -> ")]
    return [_parse(one) for one in _split(types[1:-1])]


def of_onnx(proto):
    """The type that an onnx.TypeProto says."""
    if proto.HasField("sequence_type"):
        return "seq", of_onnx(proto.sequence_type.elem_type)
    if proto.HasField("optional_type"):
        return "opt", of_onnx(proto.optional_type.elem_type)
    if proto.HasField("map_type"):
        return "map", None
    if not proto.HasField("tensor_type"):
        return None
    tensor = proto.tensor_type
    dims = None
    if tensor.HasField("shape"):
        dims = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
    return "tensor", tensor.elem_type or None, dims


def of_value(value, declared):
    """The type of one value of a test case, which is declared as `declared` (an onnx.TypeProto)."""
    if declared.HasField("optional_type"):
        inner = of_onnx(declared)[1] if value is None else of_value(value, declared.optional_type.elem_type)
        return "opt", inner
    if declared.HasField("sequence_type"):
        return "seq", [of_value(one, declared.sequence_type.elem_type) for one in value]
    if declared.HasField("map_type"):
        return "map", None
    if isinstance(value, onnx.TensorProto):
        return "tensor", value.data_type, list(value.dims)
    array = numpy.asarray(value)
    # Types that NumPy lacks come as others: what is declared is right.
    element = declared.tensor_type.elem_type or helper.np_dtype_to_tensor_dtype(array.dtype)
    return "tensor", element, list(array.shape)


def contradiction(inferred, actual, sizes):
    """What of `inferred` does not hold for `actual`; None if all of it does. `sizes`: of symbols."""
    if inferred is None or actual is None:
        return None
    if inferred[0] != actual[0]:
        return f"{inferred[0]} instead of {actual[0]}"
    if inferred[0] == "map":
        return None
    if inferred[0] in ("seq", "opt"):
        elements = actual[1] if isinstance(actual[1], list) else [actual[1]]
        for element in elements:
            why = contradiction(inferred[1], element, sizes)
            if why:
                return why
        return None
    if inferred[1] is not None and actual[1] is not None and inferred[1] != actual[1]:
        return f"element type {inferred[1]} instead of {actual[1]}"
    if inferred[2] is None or actual[2] is None:
        return None
    if len(inferred[2]) != len(actual[2]):
        return f"rank {len(inferred[2])} instead of {len(actual[2])}"
    for i, (mine, real) in enumerate(zip(inferred[2], actual[2])):
        size = sizes.get(mine) if isinstance(mine, str) else mine
        if size is not None and real is not None and size != real:
            return f"dimension {i} is {mine} instead of {real}"
    return None


def lacks(inferred, known):
    """What `known` says and `inferred` does not: "type", "rank", "size" or None."""
    if known is None or known[0] == "map":
        return None
    if inferred is None:
        return "type"
    if known[0] != "tensor":
        element = known[1]
        if isinstance(element, list):
            if not element:
                return None
            element = element[0]
        return lacks(inferred[1], element) if inferred[0] == known[0] else None
    if inferred[0] != "tensor":
        return None
    if inferred[1] is None and known[1] is not None:
        return "type"
    if known[2] is None:
        return None
    if inferred[2] is None:
        return "rank"
    if any(mine is None and real is not None for mine, real in zip(inferred[2], known[2])):
        return "size"
    return None
