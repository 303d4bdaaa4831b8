"""ONNX's newest backend tests: types against expected values and ONNX's inference, and scattered parts against whole models."""
import argparse
import collections
import concurrent.futures
import os
import re
import sys

import onnx

import cases
import infer
import scatter
import signatures

SIGNATURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../onnx_import/operator_signatures.def")


def read(path):
    with open(path) as file:
        return file.read()


def report(title, counts, wrong, details, verbose):
    if verbose:
        print("\n".join(details))
    print(f"{title}: " + ", ".join(f"{count} {key}" for key, count in sorted(counts.items())))
    for line in wrong:
        print("wrong:", line)
    return len(wrong)


def main():
    parser = argparse.ArgumentParser(prog="bench/onnx_suite.sh", description=__doc__)
    parser.add_argument("build", help="folder of the programs")
    parser.add_argument("--only", default="", help="regular expression of names")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="every Nth case")
    parser.add_argument("--keep", default="^$", metavar="REGEX", help="cases that a sample has in any case")
    parser.add_argument("--every-opset", action="store_true", help="types at every later opset too")
    parser.add_argument("--skip", choices=["types", "runs"], help="leave one half out")
    parser.add_argument("--details", action="store_true", help="what is not known, cut or run")
    arguments = parser.parse_args()
    matching = [case for case in cases.load() if re.search(arguments.only, case.name)]
    chosen = [case for i, case in enumerate(matching) if i % arguments.sample == 0 or re.search(arguments.keep, case.name)]
    print(f"{len(chosen)} cases of ONNX {onnx.__version__}, opset {onnx.defs.onnx_opset_version()}")
    wrong = 0
    if signatures.table() != read(SIGNATURES):
        print("wrong: onnx_import/operator_signatures.def is not what bench/onnx_suite/signatures.py prints")
        wrong += 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        if arguments.skip != "types":
            found = infer.check_all(chosen, os.path.join(arguments.build, "allot-opt"), arguments.every_opset, pool)
            wrong += report("types", *found, arguments.details)
        if arguments.skip != "runs":
            found = scatter.compare_all(chosen, os.path.join(arguments.build, "allot"), ("given", "numbers"), pool)
            wrong += report("scattered over three devices", *found, arguments.details)
    print(f"{wrong} wrong")
    sys.exit(1 if wrong or not chosen else 0)


if __name__ == "__main__":
    main()
