"""Asks HiGHS for the schedules that block-schedules prints, to a gap of 1 %, and prints a Markdown table of both.

The integer programme is PHAZE's with order variables only for tasks of which neither comes before the other.

usage: block_schedules.py NAME SCHEDULES.json [SECONDS]
"""
import json
import sys
import time

import numpy
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix


def behind(tasks):
    """By task: all that must end before it."""
    found = []
    for task in tasks:
        sources = set(task["before"])
        for source in task["before"]:
            sources |= found[source]
        found.append(sources)
    return found


def solve(schedule, seconds):
    """The length that HiGHS finds, in ticks; None if it finds none in time."""
    # In thousandths of what all tasks take one after another: HiGHS works with tolerances.
    unit = sum(t["all"] for t in schedule["tasks"]) / 1000
    tasks = [{**t, "one": t["one"] / unit, "all": t["all"] / unit} for t in schedule["tasks"]]
    count = len(tasks)
    before = behind(tasks)
    pairs = [(i, j) for j in range(count) for i in range(j) if i not in before[j]]
    cores = {"tensor": schedule["tensor_cores"], "vector": schedule["vector_cores"]}
    columns, integer, upper = [], [], []
    horizon = float(min(sum(t["all"] for t in tasks), sum(t["one"] for t in tasks)))

    def variable(is_integer, most):
        columns.append(None)
        integer.append(1 if is_integer else 0)
        upper.append(most)
        return len(columns) - 1

    length = variable(False, horizon)
    start = [variable(False, horizon) for _ in tasks]
    alone = [variable(True, 1) for _ in tasks]
    first = {}
    for i, j in pairs:
        first[i, j] = variable(True, 1)
        first[j, i] = variable(True, 1)
    on = {(kind, i, c): variable(True, 1) for kind, most in cores.items() for i, t in enumerate(tasks)
          if t[kind] for c in range(min(most, count))}
    rows, lows, highs = [], [], []

    def row(entries, low, high):
        rows.append(entries)
        lows.append(low)
        highs.append(high)

    infinity = numpy.inf
    for i, task in enumerate(tasks):
        # The end of i is start + one + (all - one) alone.
        row([(length, 1), (start[i], -1), (alone[i], task["one"] - task["all"])], task["one"], infinity)
        for j in task["before"]:
            row([(start[i], 1), (start[j], -1), (alone[j], tasks[j]["one"] - tasks[j]["all"])],
                tasks[j]["one"], infinity)
    for (i, j), x in first.items():
        row([(start[j], 1), (start[i], -1), (alone[i], tasks[i]["one"] - tasks[i]["all"]), (x, -horizon)],
            tasks[i]["one"] - horizon, infinity)
    for i, j in pairs:
        row([(first[i, j], 1), (first[j, i], 1)], -infinity, 1)
        for each in (i, j):
            row([(first[i, j], 1), (first[j, i], 1), (alone[each], -1)], 0, infinity)
        for kind, most in cores.items():
            if tasks[i][kind] and tasks[j][kind]:
                for c in range(min(most, count)):
                    row([(first[i, j], 1), (first[j, i], 1), (on[kind, i, c], -1), (on[kind, j, c], -1)],
                        -1, infinity)
    for kind, most in cores.items():
        for i, task in enumerate(tasks):
            if task[kind]:
                row([(on[kind, i, c], 1) for c in range(min(most, count))] + [(alone[i], 1)], 1, 1)
    entries = [(r, c, v) for r, each in enumerate(rows) for c, v in each]
    matrix = coo_matrix(([v for _, _, v in entries], ([r for r, _, _ in entries], [c for _, c, _ in entries])),
                        shape=(len(rows), len(columns)))
    objective = numpy.zeros(len(columns))
    objective[length] = 1
    result = milp(objective, constraints=LinearConstraint(matrix.tocsr(), lows, highs), integrality=integer,
                  bounds=Bounds(0, upper), options={"mip_rel_gap": 0.01, "time_limit": seconds})
    return None if result.x is None else result.x[length] * unit


def main():
    name = sys.argv[1]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 60
    with open(sys.argv[2], encoding="utf-8") as file:
        schedules = json.load(file)
    worse = 0
    for number, schedule in enumerate(schedules):
        tasks = schedule["tasks"]
        alone = sum(t["all"] for t in tasks)
        begin = time.process_time()
        value = solve(schedule, seconds)
        spent = time.process_time() - begin
        ours, listed = schedule["exact"], schedule["listed"]
        worse += value is not None and ours > value * (1 + 1e-6)
        direction = "backward" if number % 2 else "forward"
        print(f"| {name} {direction}, {schedule['tensor_cores']} + {schedule['vector_cores']} | {len(tasks)} | {alone / 1e8:.3f} "
              f"| {schedule['bound'] / 1e8:.3f} | {listed / 1e8:.3f} | {ours / 1e8:.3f} | "
              f"{'' if value is None else f'{value / 1e8:.3f}'} | {schedule['listed_ms']:.2f} | {schedule['exact_ms']:.2f} | {spent:.1f} |",
              flush=True)
    print(f"{name}: {worse} of {len(schedules)} longer than HiGHS finds", file=sys.stderr)


main()
