#!/usr/bin/env python3
"""Writes layer-flow instances that are made up: 80 layers over 42 servers of seven sorts, on one site with all links, on one
site with a third of them, and on three sites with narrow links between them.

usage: bench/make_layer_flow.py FOLDER [SEED ...]
"""
import json
import pathlib
import random
import sys

# How many, the most layers, tokens/s with one layer.
SORTS = [(4, 12, 24000), (6, 6, 11000), (8, 7, 7500), (10, 4, 5700), (4, 14, 14000), (6, 8, 10500), (4, 16, 20000)]
LAYERS, WIDE, COORDINATOR = 80, 61000, 5e6


def throughput(random_source, most, first):
    """More layers take longer, and leave less room for what makes batches large."""
    rates = []
    for held in range(1, most + 1):
        room = 1 - 0.55 * (held - 1) / most
        rates.append(round(first / held * room * random_source.uniform(0.95, 1.05), 3))
    return rates


def links(random_source, servers, sites, kept):
    site = [random_source.randrange(sites) for _ in range(servers)]
    found = []
    for server in range(servers):
        found.append({"from": "source", "to": server, "capacity": COORDINATOR})
        found.append({"from": server, "to": "sink", "capacity": COORDINATOR})
        for other in range(servers):
            narrow = site[server] != site[other]
            if other != server and random_source.random() < kept:
                capacity = random_source.randrange(600, 920) if narrow else WIDE
                found.append({"from": server, "to": other, "capacity": capacity})
    return found


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    folder = pathlib.Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for seed in map(int, arguments[1:] or ["1", "2"]):
        for name, sites, kept in [("one_site", 1, 1), ("one_site_pruned", 1, 0.35), ("three_sites", 3, 1)]:
            random_source = random.Random(f"{name} {seed}")
            servers = []
            for count, most, first in SORTS:
                rates = throughput(random_source, most, first)
                servers += [{"throughput": rates}] * count
            random_source.shuffle(servers)
            instance = {"layers": LAYERS, "servers": servers, "links": links(random_source, len(servers), sites, kept)}
            (folder / f"{name}_{seed}.json").write_text(json.dumps(instance) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
