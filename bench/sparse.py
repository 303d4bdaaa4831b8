"""What dividing rows finds beside KaHyPar and Mt-KaHyPar, as a table. See sparse.sh.

Theirs is one run for each layer, in order, with the owners of the layer before as fixed vertices that weigh next to
nothing, one for each part: the same hypergraph, the same objective (connectivity - 1) and the same limit for each layer. Ours is a
run of allot-solve, reading and checking included. Times are processor seconds; of theirs only inside of them.
"""
import argparse
import json
import math
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

NETWORKS = {
    "RadiX-Net N=1024, 30 layers": "radixnet:N=1024,layers=30",
    "RadiX-Net N=4096, 12 layers": "radixnet:N=4096,layers=12",
    "radices 32, 32, N=1024, 6 layers": "radixnet:N=1024,layers=6,radices=32x32",
    "16 x 16 blocks, N=1024, 6 layers": "block-sparse:N=1024,layers=6",
    "random rows, N=1024, 6 layers": "random-rows:N=1024,layers=6",
}
EPSILON = 0.03


def rows_of(layer):
    source = layer["sources"][0]
    return [source["patterns"][pattern] for pattern in source["pattern_of"]]


def nets_of(rows, owner, inputs, parts):
    """Pins of each column that is read, with the terminal of its owner; terminals are the last vertices."""
    pins = [[] for _ in range(inputs)]
    for row, columns in enumerate(rows):
        for column in columns:
            pins[column].append(row)
    if owner is not None:
        pins = [net + [len(rows) + owner[column]] if net else net for column, net in enumerate(pins)]
    return [net for net in pins if len(net) > 1]


def weigh(weights, terminals):
    """KaHyPar takes no vertex of weight 0."""
    return [1000 * weight for weight in weights] + [1] * terminals


def words_of(rows, owner, part_of, inputs):
    readers = [set() for _ in range(inputs)]
    for row, columns in enumerate(rows):
        for column in columns:
            readers[column].add(part_of[row])
    if owner is None:  # inputs go to a part that reads them
        return sum(len(parts) - 1 for parts in readers if parts)
    return sum(len(parts - {owner[column]}) for column, parts in enumerate(readers))


class KaHyPar:
    def __init__(self, config):
        import kahypar
        self.kahypar, self.config = kahypar, config

    def divide(self, nets, weights, terminals, parts):
        index, pins = [0], []
        for net in nets:
            pins += net
            index.append(len(pins))
        count = len(weights) + terminals
        graph = self.kahypar.Hypergraph(count, len(nets), index, pins, parts, [1] * len(nets), weigh(weights, terminals))
        for part in range(terminals):
            graph.fixNodeToBlock(len(weights) + part, part)
        context = self.kahypar.Context()
        context.loadINIconfiguration(self.config)
        context.setK(parts)
        context.setEpsilon(EPSILON)
        context.setSeed(1)
        context.suppressOutput(True)
        start = time.process_time()
        self.kahypar.partition(graph, context)
        return [graph.blockID(vertex) for vertex in range(len(weights))], time.process_time() - start


class MtKaHyPar:
    def __init__(self, preset):
        import mtkahypar
        self.module, self.preset = mtkahypar, preset
        self.program = mtkahypar.initialize(1)

    def divide(self, nets, weights, terminals, parts):
        context = self.program.context_from_preset(getattr(self.module.PresetType, self.preset))
        context.set_partitioning_parameters(parts, EPSILON, self.module.Objective.KM1)
        context.logging = False
        self.module.set_seed(1)
        count = len(weights) + terminals
        graph = self.program.create_hypergraph(context, count, len(nets), nets, weigh(weights, terminals), [1] * len(nets))
        if terminals:
            graph.add_fixed_vertices([-1] * len(weights) + list(range(terminals)), parts)
        start = time.process_time()
        divided = graph.partition(context)
        return [divided.block_id(vertex) for vertex in range(len(weights))], time.process_time() - start


def layer_by_layer(problem, parts, partitioner):
    words, seconds, worst, owner = 0, 0.0, 0.0, None
    inputs = problem["inputs"][0]["neurons"]
    for layer in problem["layers"]:
        rows = rows_of(layer)
        weights = [len(columns) for columns in rows]
        nets = nets_of(rows, owner, inputs, parts)
        part_of, took = partitioner.divide(nets, weights, 0 if owner is None else parts, parts)
        words += words_of(rows, owner, part_of, inputs)
        seconds += took
        loads = [0] * parts
        for row, part in enumerate(part_of):
            loads[part] += weights[row]
        worst = max(worst, max(loads) * parts / sum(loads) - 1)
        owner, inputs = part_of, layer["neurons"]
    return words, seconds, worst


def ours(build, path, parts):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    result = subprocess.run([build / "allot-solve", path, f"--parts={parts}", "--json"], check=True, capture_output=True)
    found = json.loads(result.stdout)
    return found, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--kahypar-config", help="km1_kKaHyPar_eco_sea20.ini of KaHyPar; without it KaHyPar is left out")
    arguments.add_argument("--preset", default="QUALITY", help="of Mt-KaHyPar")
    arguments.add_argument("--parts", default="2,8,32")
    arguments.add_argument("--networks", default="", help="such as radixnet:N=1024,layers=30;...")
    given = arguments.parse_args()
    tools = {}
    if given.kahypar_config:
        tools["KaHyPar"] = KaHyPar(given.kahypar_config)
    tools["Mt-KaHyPar"] = MtKaHyPar(given.preset)
    networks = {text: text for text in given.networks.split(";")} if given.networks else NETWORKS
    print("| network | parts | words | CPU s | cyclic | random | " +
          " | ".join(f"{name} | CPU s | imbalance" for name in tools) + " | words / better |")
    print("| --- |" + " ---: |" * (6 + 3 * len(tools)))
    ratios, own_seconds, their_seconds = [], 0.0, 0.0
    with tempfile.TemporaryDirectory() as scratch:
        for name, network in networks.items():
            path = pathlib.Path(scratch) / "net.json"
            subprocess.run([given.build / "allot-make-model", network, path], check=True, capture_output=True)
            problem = json.load(open(path))
            for parts in map(int, given.parts.split(",")):
                found, seconds = ours(given.build, path, parts)
                line = [name, parts, found["words"], f"{seconds:.2f}", found["cyclic_words"], found["random_words"]]
                best = math.inf
                for tool, partitioner in tools.items():
                    words, took, worst = layer_by_layer(problem, parts, partitioner)
                    line += [words, f"{took:.2f}", f"{100 * worst:.1f} %"]
                    best = min(best, words)
                    if tool == "KaHyPar":
                        their_seconds += took
                        own_seconds += seconds
                ratios.append(found["words"] / best)
                print("| " + " | ".join(map(str, line + [f"{ratios[-1]:.3f}"])) + " |", flush=True)
    print(f"\nwords / better, mean: {sum(ratios) / len(ratios):.3f}")
    if own_seconds:
        print(f"CPU seconds, KaHyPar / ours: {their_seconds / own_seconds:.1f}")


if __name__ == "__main__":
    sys.exit(main())
