"""Prints a row of the table of pipelines.sh.

usage: pipelines_row.py FOLDER DEVICES RECOMPUTE MEMORY OUR_SECONDS THEIR_SECONDS
"""
import json
import re
import sys


def main():
    folder, devices, recompute, memory, ours, theirs = sys.argv[1:]
    with open(f"{folder}/ours.json", encoding="utf-8") as file:
        answer = json.load(file)
    value, plan = "infeasible", ""
    if answer["objective"] is not None:
        value = f"{answer['objective']:.10g}"
        plan = f"{answer['tensor']}, {answer['data']}, {answer['pipeline']}"
    proved = "yes" if answer["proved_optimal"] or answer["status"] == "infeasible" else "no"
    published = ""
    if theirs:
        with open(f"{folder}/log", encoding="utf-8") as file:
            # What it logs for each width; it writes no result where its plan by hand does not fit.
            found = [float(each) for each in re.findall(r"TPB = (\S+)", file.read())]
        best = min(found) if found else None
        published = "infeasible" if best is None or best > 1e29 else f"{best:.6g}"
    print(f"| {devices} | {'yes' if recompute == '1' else 'no'} | {memory} | {value} | {proved} | {plan} | {ours} | {published} | {theirs} |",
          flush=True)


main()
