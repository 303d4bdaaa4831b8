"""onnx-mlir's configuration file, applied to the nodes of models by the rules of the compiler's reader: each list in order, patterns that
match the whole type and the whole name, the first rule that matches holds. There is no package of onnx-mlir to run. With
--reader=PROGRAM, made of its source (onnx_mlir_reader.cc), that is asked, too."""
import json
import re
import subprocess
import sys

import onnx
from place import expect, main, row


def operators(graph):
    """(type, name, name of the outermost node) of all nodes that the compiler places, those of bodies too."""
    found = []

    def walk(nodes, owner):
        for node in nodes:
            kind = 'onnx.' + (node.op_type if node.domain in ('', 'ai.onnx', 'ai.onnx.ml') else 'Custom')
            if node.op_type != 'Constant':
                found.append((kind, node.name, owner or node.name))
            for attribute in node.attribute:
                if attribute.HasField('g'):
                    walk(attribute.g.node, owner or node.name)
    walk(graph.node, '')
    return found


def newer(config, kind, name):
    for rule in config['nnpa_ops_config']:
        match = rule['pattern']['match']
        if re.fullmatch(match['node_type'], kind) and (
                'onnx_node_name' not in match or (name and re.fullmatch(match['onnx_node_name'], name))):
            return rule['pattern']['rewrite']['device']
    return ''


def older(config, kind, name):
    for rule in config['device_placement']:
        if re.fullmatch(rule['node_type'], kind) and re.fullmatch(rule['onnx_node_name'], name):
            return rule['device']
    return ''


def by_reader(program, path, asked):
    lines = ''.join(f'{kind}\t{name}\n' for kind, name, _ in asked)
    done = subprocess.run([program, path], input=lines, capture_output=True, text=True, check=True)
    expect(done.stderr == '', done.stderr)
    return [line.split('\t')[2] for line in done.stdout.splitlines()]


def rows(place):
    program = next((text.removeprefix('--reader=') for text in READER), None)
    placed, taken, refused = 0, 0, []
    for model in place.models:
        try:
            folder = place.plan(model, place.scattered('nnpa'), '--emit=onnx-mlir,plan')
        except RuntimeError as error:
            expect('name them' in str(error), str(error))
            refused.append(model.stem)
            continue
        taken += 1
        path = folder / 'model.onnx-mlir.json'
        config = json.loads(path.read_text())
        plan = json.loads((folder / 'plan.json').read_text())
        device = {node['name']: {'left': 'cpu', 'right': 'nnpa'}[node['device']] for node in plan['nodes'] if node['device']}
        asked = operators(onnx.load(model, load_external_data=False).graph)
        said = by_reader(program, path, asked) if program else [None] * len(asked)
        for (kind, name, owner), answer in zip(asked, said):
            if owner not in device:
                continue
            placed += 1
            wanted = device[owner]
            answers = {newer(config, kind, name), older(config, kind, name)} | ({answer} if program else set())
            expect(answers == {wanted}, f'{model.name}: {kind} {name} is planned on {wanted} and read as {answers}')
    if program:
        print(f'by the reader itself, too: {placed} operators of {taken} models', file=sys.stderr)
    return [row('onnx-mlir, its file', 'as of July 2026',
                f'the configuration of {taken} models, both forms, by the rules of the compiler\'s reader',
                f'all {placed} named operators go where the plan has them'
                + (f"; `--emit=onnx-mlir` refuses {', '.join(refused)}, whose nodes it could not tell apart" if refused else ''))]


READER = [word for word in sys.argv if word.startswith('--reader=')]
sys.argv = [word for word in sys.argv if not word.startswith('--reader=')]

if __name__ == '__main__':
    main(rows)
