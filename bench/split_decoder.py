"""Runs a divided decoder on workers that each hold their parts and caches, token by token: see bench/split_decoder.sh."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
import onnx
import onnxruntime as ort


def session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])


class Worker:
    """A device: its parts, and the caches that it keeps from one token to the next."""

    def __init__(self) -> None:
        self.sessions: Dict[str, ort.InferenceSession] = {}
        self.caches: Dict[str, np.ndarray] = {}  # by name of the input


def empty_caches(model: Path) -> Dict[str, np.ndarray]:
    graph = onnx.load(str(model), load_external_data=False).graph
    caches = {}
    for value in graph.input:
        if 'past' in value.name:
            dims = [dim.dim_value if dim.HasField('dim_value') else {'batch': 1}.get(dim.dim_param, 0)
                    for dim in value.type.tensor_type.shape.dim]
            caches[value.name] = np.zeros(dims, np.float32)
    return caches


def decode_whole(model: Path, tokens: List[int], count: int) -> Tuple[List[int], np.ndarray]:
    whole, caches, made = session(model), empty_caches(model), []
    names = [output.name for output in whole.get_outputs()]
    ids, position, logits = tokens, 0, None
    for _ in range(count):
        feeds = {'input_ids': np.array([ids]), 'position_ids': np.arange(position, position + len(ids))[None], **caches}
        outputs = dict(zip(names, whole.run(None, feeds)))
        logits, position = outputs['logits'], position + len(ids)
        caches = {name: outputs[name.replace('past_key_values', 'present')] for name in caches}
        ids = [int(logits[0, -1].argmax())]
        made.append(ids[0])
    return made, logits


def decode_parts(manifest: Dict, folder: Path, tokens: List[int], count: int) -> Tuple[List[int], np.ndarray, Dict[str, int]]:
    workers: Dict[str, Worker] = {}
    state = {pair['input']: pair['output'] for pair in manifest.get('state', [])}
    makes = {output: part['device'] for part in manifest['parts'] for output in part['outputs']}
    takes: Dict[str, set] = {}
    for part in manifest['parts']:
        worker = workers.setdefault(part['device'], Worker())
        worker.sessions[part['id']] = session(folder / part['file'])
        for name in part['inputs']:
            takes.setdefault(name, set()).add(part['device'])
    crossed: Dict[str, int] = {}
    for name, output in state.items():
        for device in takes.get(name, ()):
            if device != makes[output]:
                crossed[name] = 1
        shape = manifest['signature'][name]['shape']
        dims = [1 if size == 'batch' else 0 if isinstance(size, str) else size for size in shape]
        for device in takes[name]:
            workers[device].caches[name] = np.zeros(dims, np.float32)
    made, logits, ids, position = [], None, tokens, 0
    for _ in range(count):
        sent = {'input_ids': np.array([ids]), 'position_ids': np.arange(position, position + len(ids))[None]}
        local: Dict[Tuple[str, str], np.ndarray] = {}
        for part in manifest['parts']:
            device, worker = part['device'], workers[part['device']]
            feeds = {}
            for name in part['inputs']:
                if name in worker.caches:
                    feeds[name] = worker.caches[name]
                elif (device, name) in local:
                    feeds[name] = local[device, name]
                else:
                    feeds[name] = sent[name]
            outputs = worker.sessions[part['id']].run(part['outputs'], feeds)
            for name, value in zip(part['outputs'], outputs):
                local[device, name] = value
                if name not in state.values():
                    sent[name] = value  # caches are never sent
        for name, output in state.items():
            for device in takes[name]:
                workers[device].caches[name] = local[device, output]
        logits, position = sent['logits'], position + len(ids)
        ids = [int(logits[0, -1].argmax())]
        made.append(ids[0])
    return made, logits, crossed


def weight_bytes(path: Path) -> int:
    graph = onnx.load(str(path), load_external_data=False).graph
    return sum(int(np.prod(tensor.dims)) * 4 for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument('model', type=Path)
    parser.add_argument('manifest', type=Path)
    parser.add_argument('--tokens', type=int, default=100)
    arguments = parser.parse_args()
    manifest = json.loads(arguments.manifest.read_text())
    folder = arguments.manifest.parent
    prompt = [11, 7, 42, 3]
    whole, expected = decode_whole(arguments.model, prompt, arguments.tokens)
    made, logits, crossed = decode_parts(manifest, folder, prompt, arguments.tokens)
    caches = [pair['input'] for pair in manifest.get('state', [])]
    total = weight_bytes(arguments.model)
    by_device: Dict[str, int] = {}
    files = set()
    for part in manifest['parts']:
        if part['file'] not in files:
            by_device[part['device']] = by_device.get(part['device'], 0) + weight_bytes(folder / part['file'])
        files.add(part['file'])
    equal = made == whole
    worst = float(np.abs(logits - expected).max() / np.abs(expected).max())
    states = {name for pair in manifest.get('state', []) for name in pair.values()}
    moved = [edge['tensor'] for edge in manifest['transfers'] if edge['tensor'] in states]
    crossing = [name for name in crossed if name in caches]
    print(f'tokens {len(made)}, {"equal" if equal else "DIFFERENT"}, last logits differ by {worst:.1e}')
    print(f'caches {len(caches)}, crossing {len(crossing) + len(moved)}')
    for device in sorted(by_device):
        print(f'{device}: {by_device[device]} bytes of weights, {100 * by_device[device] / total:.1f} % of the model')
    return 0 if equal and not crossing and not moved else 1


if __name__ == '__main__':
    sys.exit(main())
