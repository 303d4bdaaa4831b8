"""Divides models, runs them whole and in slices by ONNX Runtime, and compares: see bench/split.sh."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import numpy as np
import onnx
import onnxruntime as ort

WAYS = {'columns': '.*=columns:{}', 'rows': '.*=rows:{}', 'pairs': '.*=pairs:{}', 'batch': '.*=batch:{}',
        'experts': '.*=experts:{}', 'width': None}
DATA_DEPENDENT = {'NonZero', 'NonMaxSuppression', 'Unique', 'Compress'}
SLICE = re.compile(r'/block\d+/slice(\d+)$')
PRODUCTS = {'MatMul', 'Gemm', 'MatMulInteger', 'QLinearMatMul', 'Attention', 'MultiHeadAttention', 'GroupQueryAttention', 'Einsum',
            'Conv'}
TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 5: np.int16, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64,
         12: np.uint32, 13: np.uint64}


def feeds_of(model: onnx.ModelProto, spec: Dict, seed: int) -> Dict[str, np.ndarray]:
    """Inputs of the sizes and ranges that the file beside the model states, random otherwise."""
    random = np.random.default_rng(seed)
    given = {tensor.name for tensor in model.graph.initializer}
    feeds = {}
    for value in model.graph.input:
        if value.name in given:
            continue
        tensor = value.type.tensor_type
        shape = [dim.dim_value if dim.HasField('dim_value') else int(spec.get('dims', {}).get(dim.dim_param, 2))
                 for dim in tensor.shape.dim]
        about = spec.get('inputs', {}).get(value.name, {})
        kind = TYPES[tensor.elem_type]
        if 'values' in about:
            feeds[value.name] = np.broadcast_to(np.array(about['values'], dtype=kind), about.get('shape', shape)).copy()
        elif 'value' in about:
            feeds[value.name] = np.full(shape, about['value'], dtype=kind)
        elif kind == np.bool_:
            feeds[value.name] = random.integers(0, 2, shape).astype(kind)
        elif np.issubdtype(kind, np.integer):
            feeds[value.name] = random.integers(int(about.get('low', 0)), max(int(about.get('high', 2)), 1), shape).astype(kind)
        else:
            low, high = about.get('low', -1.0), about.get('high', 1.0)
            feeds[value.name] = random.uniform(low, high, shape).astype(kind)
    return feeds


def run(path: Path, feeds: Dict[str, np.ndarray], outputs: Optional[List[str]] = None) -> List[np.ndarray]:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
    return session.run(outputs, feeds)


def slice_inputs(model: onnx.ModelProto, feeds: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """The feeds of a model whose inputs may be there in slices, "NAME/slice0"."""
    result, begins = {}, {}
    for value in model.graph.input:
        if value.name in feeds:
            result[value.name] = feeds[value.name]
            continue
        whole = re.sub(r'/slice\d+$', '', value.name)
        if whole not in feeds:
            continue
        dims = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        axis = next(i for i, size in enumerate(dims) if size and size != feeds[whole].shape[i])
        begin = begins.get(whole, 0)
        begins[whole] = begin + dims[axis]
        result[value.name] = np.take(feeds[whole], range(begin, begin + dims[axis]), axis=axis)
    return result


def tolerance_of(outputs: List[np.ndarray], usual: float) -> float:
    """What sums in another order may differ by: more where elements have 11 bits."""
    return 2e-3 if any(output.dtype == np.float16 for output in outputs) else usual


def difference(whole: np.ndarray, sliced: np.ndarray) -> float:
    """The largest difference over the largest magnitude; infinite where types, shapes or other elements differ."""
    if whole.shape != sliced.shape or whole.dtype != sliced.dtype:
        return float('inf')
    if not np.issubdtype(whole.dtype, np.floating):
        return 0.0 if np.array_equal(whole, sliced) else float('inf')
    if whole.size == 0:
        return 0.0
    a, b = whole.astype(np.float64), sliced.astype(np.float64)
    if not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return float('inf')
    finite = np.isfinite(a)
    if not finite.any():
        return 0.0
    return float(np.abs(a[finite] - b[finite]).max() / max(np.abs(a[finite]).max(), 1e-30))


def moved_words(path: Path, feeds: Dict[str, np.ndarray]) -> int:
    """Elements that change device where slice i is on device i and all else on device 0, counted in a run."""
    model = onnx.load(str(path), load_external_data=True)
    graph = model.graph
    free = {tensor.name for tensor in graph.initializer}
    device: Dict[str, int] = {}
    for node in graph.node:
        # Work on weights alone is done where its result is used.
        if all(name in free or not name for name in node.input) and node.op_type not in RANDOM and not has_body(node):
            free.update(node.output)
            continue
        found = SLICE.search(node.name)
        for name in node.output:
            device[name] = int(found.group(1)) if found else 0
    crossing: Dict[str, set] = {}
    for node in graph.node:
        if node.output and node.output[0] in free:
            continue
        found = SLICE.search(node.name)
        here = int(found.group(1)) if found else 0
        for name in [*node.input, *captured(node)]:
            if name and name not in free and device.get(name, 0 if name not in own_inputs(graph) else here) != here:
                crossing.setdefault(name, set()).add(here)
    known = {value.name for value in graph.output}
    extra = [name for name in crossing if name not in known and name in device]
    for name in extra:
        graph.output.append(onnx.ValueInfoProto(name=name))
    watched = path.with_suffix('.watched.onnx')
    onnx.save(model, str(watched))
    names = [name for name in crossing if name in device]
    values = dict(zip(names, run(watched, feeds, names))) if names else {}
    return sum(len(devices) * (values[name].size if name in values else feeds[name].size) for name, devices in crossing.items())


RANDOM = {'RandomNormal', 'RandomUniform', 'RandomNormalLike', 'RandomUniformLike', 'Multinomial', 'Bernoulli'}


def has_body(node: onnx.NodeProto) -> bool:
    return any(attribute.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS) for attribute in node.attribute)


def captured(node: onnx.NodeProto) -> List[str]:
    names = []
    for attribute in node.attribute:
        for graph in [attribute.g] if attribute.type == onnx.AttributeProto.GRAPH else attribute.graphs:
            made = {name for inner in graph.node for name in inner.output} | {value.name for value in graph.input}
            for inner in graph.node:
                names += [name for name in [*inner.input, *captured(inner)] if name not in made]
    return names


def own_inputs(graph: onnx.GraphProto) -> set:
    return {value.name for value in graph.input if re.search(r'/slice\d+$', value.name)}


def divide(split_model: Path, model: Path, out: Path, way: str, parts: int, dims: Dict[str, int], state: bool) -> Tuple[Dict[str, int], str]:
    text = WAYS[way]
    options = f'width={parts}' if text is None else f'split="{text.format(parts)}"'
    if state:
        options += ' split-state=true'
    passes = f'infer-shapes,find-state,fold-shapes,split-operators{{{options}}},infer-shapes'
    done = subprocess.run([str(split_model), str(model), str(out), passes, *(f'{name}={size}' for name, size in dims.items())],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {}, done.stderr.strip()
    counts = {}
    for line in done.stdout.splitlines():
        if not line.startswith('#'):
            name, count = line.rsplit(' ', 1)
            counts[name] = counts.get(name, 0) + int(count)
    return counts, ''


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default='build')
    parser.add_argument('--ways', default='columns,rows,pairs')
    parser.add_argument('--parts', default='2,3')
    parser.add_argument('--only', default='')
    parser.add_argument('--split-state', action='store_true')
    parser.add_argument('--tolerance', type=float, default=1e-5)
    parser.add_argument('folders', nargs='+')
    arguments = parser.parse_args()
    split_model = Path(arguments.build) / 'bench' / 'split-model'
    if not split_model.exists():
        split_model = Path(arguments.build) / 'split-model'
    models = []
    for folder in arguments.folders:
        models += sorted(Path(folder).rglob('*.onnx')) if Path(folder).is_dir() else [Path(folder)]
    failures = 0
    print(f'{"model":32} {"way":8} {"parts":>5} {"blocks":>6} {"operators":>9} {"difference":>10} {"words moved":>12} {"predicted":>12}')
    for path in models:
        if arguments.only and not re.search(arguments.only, path.name):
            continue
        model = onnx.load(str(path), load_external_data=False)
        if not any(node.op_type in PRODUCTS for node in model.graph.node):
            continue
        about = path.with_suffix('').with_suffix('.inputs.json')
        spec = json.loads(about.read_text()) if about.exists() else {}
        try:
            feeds = feeds_of(model, spec, 1)
            expected = run(path, feeds)
        except Exception as error:  # a model that does not run whole is not compared
            print(f'{path.name:32} does not run whole: {str(error).splitlines()[0][:100]}')
            continue
        dims = {}
        for value in model.graph.input:
            for i, dim in enumerate(value.type.tensor_type.shape.dim):
                if dim.dim_param and value.name in feeds:
                    dims[dim.dim_param] = feeds[value.name].shape[i]
        for way in arguments.ways.split(','):
            for parts in map(int, arguments.parts.split(',')):
                with tempfile.TemporaryDirectory() as folder:
                    out = Path(folder) / 'split.onnx'
                    counts, error = divide(split_model, path.resolve(), out, way, parts, dims, arguments.split_state)
                    row = f'{path.name:32} {way:8} {parts:5}'
                    if error:
                        failures += 1
                        print(f'{row} ERROR {error}')
                        continue
                    if not counts.get('blocks divided'):
                        print(f'{row} {0:6}')
                        continue
                    try:
                        sliced = onnx.load(str(out), load_external_data=False)
                        inputs = slice_inputs(sliced, feeds)
                        names = [value.name for value in model.graph.output]
                        made = dict(zip([value.name for value in sliced.graph.output], run(out, inputs)))
                        worst = max(difference(whole, made[name] if name in made else joined(made, name, whole))
                                    for name, whole in zip(names, expected))
                        words = moved_words(out, inputs)
                    except Exception as problem:
                        failures += 1
                        print(f'{row} ERROR {str(problem).splitlines()[0][:200]}')
                        continue
                    predicted = counts.get('words moved', 0)
                    # Numbers of elements that only a run tells cannot be predicted.
                    open_sizes = words != predicted and any(node.op_type in DATA_DEPENDENT for node in model.graph.node)
                    bad = worst > tolerance_of(expected, arguments.tolerance) or (words != predicted and not open_sizes)
                    failures += bad
                    print(f'{row} {counts["blocks divided"]:6} {counts["operators divided"]:9} {worst:10.1e} {words:12} {predicted:12}'
                          f'{"  WRONG" if bad else "  (sizes are found at run time)" if open_sizes else ""}', flush=True)
    print(f'{failures} wrong')
    return 1 if failures else 0


def joined(made: Dict[str, np.ndarray], name: str, whole: np.ndarray) -> np.ndarray:
    """An output that is there in slices."""
    pieces = [made[f'{name}/slice{i}'] for i in range(sum(1 for other in made if re.fullmatch(re.escape(name) + r'/slice\d+', other)))]
    axis = next(i for i in range(whole.ndim) if sum(piece.shape[i] for piece in pieces) == whole.shape[i]
                and any(piece.shape[i] != whole.shape[i] for piece in pieces))
    return np.concatenate(pieces, axis=axis)


if __name__ == '__main__':
    sys.exit(main())
