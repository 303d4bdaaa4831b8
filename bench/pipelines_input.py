"""Prints a problem of the kind pipelines (allot.pipelines/1) as the input of PHAZE's placement program.

usage: pipelines_input.py PROBLEM.json
"""
import json
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        problem = json.load(file)
    tick = 1 / problem["ticks_per_second"]
    # In units of memory per second: then bytes over it are seconds.
    bandwidth = 1e9
    nodes, edges = {}, {}
    for width in problem["widths"]:
        key = str(width["devices"])
        nodes[key] = [{
            "id": i,
            # Four times the parameters over the bandwidth is the update.
            "parameterSize": layer["update"] * tick * bandwidth / 4,
            "activationSize": 0,
            "optimalLatencyFw": layer["forward"] * tick,
            "optimalLatencyBw": layer["backward"] * tick,
            "isTensorParallelized": layer["split"],
        } for i, layer in enumerate(width["layers"])]
        edges[key] = [{"sourceId": a, "destId": b, "communicationCost": ticks * tick * bandwidth}
                      for (a, b), (ticks, _) in zip(problem["edges"], width["transfers"])]
        # Amounts of memory in the same unit as parameters: twice these are the state.
        scale = [2 * node["parameterSize"] / layer["state"]
                 for node, layer in zip(nodes[key], width["layers"]) if layer["state"] > 0]
        unit = scale[0] if scale else 1.0
        for node, layer in zip(nodes[key], width["layers"]):
            node["activationSize"] = layer["activations"] * unit
    print(json.dumps({
        "maxMemoryPerDevice": problem["memory"] * unit, "maxDevices": problem["devices"], "bandwidth": bandwidth,
        "mbsInBatch": problem["microbatches"], "nodes": nodes, "edges": edges,
        "activationRecomputation": problem["recompute"], "optimizerAlgorithm": "SGD",
        "fixedPP": 1, "fixedTMPC": problem["widths"][0]["devices"], "fixedDP": 1,
        "numTransformerLayers": len(problem["layers"])}))


main()
