"""A row of a table: allot-solve and OR-tools' CP-SAT on one problem of chips, a thread each.

usage: chips_cpsat.py ALLOT-SOLVE FILE CHIPS SECONDS

CP-SAT gets the rules as clauses: a chip for each node, edges between chips, paths of two edges or more, and no edge where there is such a
path. Its answer is judged by allot-solve.
"""
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

from ortools.sat.python import cp_model

PICOS = {'ps': 1, 'ns': 10**3, 'us': 10**6, 'ms': 10**9, 's': 10**12}


def picos(text):
    digits = text.rstrip('pnusm')
    return round(float(digits) * PICOS[text[len(digits):]])


def build(problem):
    nodes, chips = problem['nodes'], problem['chips']
    by_name = {node['name']: node for node in nodes}
    model = cp_model.CpModel()
    period = model.new_int_var(0, sum(picos(node['work']) for node in nodes), 'period')
    on = {}  # node, chip
    for node in nodes:
        for c in range(chips):
            on[node['name'], c] = model.new_bool_var('')
        if not node.get('copied'):
            model.add_exactly_one(on[node['name'], c] for c in range(chips))
    edge = {(a, b): model.new_bool_var('') for a in range(chips) for b in range(a + 1, chips)}
    far = {(a, b): model.new_bool_var('') for a in range(chips) for b in range(a + 2, chips)}  # two edges or more
    crossing = [[] for _ in range(chips)]
    readers = {}
    for node in nodes:
        for name in node.get('reads', []):
            if by_name[name].get('copied'):
                for c in range(chips):
                    model.add_implication(on[node['name'], c], on[name, c])
                continue
            readers.setdefault(name, []).append(node['name'])
            for a in range(chips):
                for b in range(a):
                    model.add_bool_or(~on[name, a], ~on[node['name'], b])
                for b in range(a + 1, chips):
                    model.add_bool_or(~on[name, a], ~on[node['name'], b], edge[a, b])
    for (a, c), path in far.items():
        model.add_implication(edge[a, c], ~path)
        for b in range(a + 1, c):
            model.add_bool_or(~edge[a, b], ~edge[b, c], path)
            if (b, c) in far:
                model.add_bool_or(~edge[a, b], ~far[b, c], path)
    used = [model.new_bool_var('') for _ in range(chips)]
    for c in range(chips):
        own = [on[node['name'], c] for node in nodes if not node.get('copied')]
        model.add_bool_or(own + [~used[c]])
        for var in own:
            model.add_implication(var, used[c])
        if c > 0:
            model.add_implication(used[c], used[c - 1])
        model.add(sum(picos(node['work']) * on[node['name'], c] for node in nodes) <= period)
    for name, reading in readers.items():
        transfer = picos(by_name[name].get('transfer', '0ps'))
        if transfer == 0:
            continue
        for c in range(chips - 1):  # passes the link from c to c + 1
            passes = model.new_bool_var('')
            crossing[c].append(transfer * passes)
            for reader in reading:
                for a in range(c + 1):
                    model.add_bool_or([~on[name, a], passes] + [on[reader, b] for b in range(c + 1)])
    for c in range(chips - 1):
        model.add(sum(crossing[c]) <= period)
    model.minimize(period)
    return model, on


def main():
    solve, path, chips, seconds = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
    command = [solve, path, f'--chips={chips}']
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    ours = json.loads(subprocess.run([*command, '--json', '--work-limit=3000000'], capture_output=True, text=True, check=True).stdout)
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    problem = json.loads(subprocess.run([*command, '--print-problem'], capture_output=True, text=True, check=True).stdout)
    begin = time.process_time()
    model, on = build(problem)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = seconds
    status = solver.solve(model)
    spent = time.process_time() - begin
    value = 'none'
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        names = [[node['name'] for node in problem['nodes'] if solver.value(on[node['name'], c])] for c in range(problem['chips'])]
        with tempfile.TemporaryDirectory() as scratch:
            plan = pathlib.Path(scratch) / 'plan.json'
            plan.write_text(json.dumps({'chips': names}))
            judged = subprocess.run([*command, f'--judge={plan}', '--json'], capture_output=True, text=True)
            value = f"{json.loads(judged.stdout)['objective']:.3f}" if judged.returncode == 0 else judged.stderr.strip()
    print(f"| {pathlib.Path(path).stem} x {chips} | {ours['bound']:.3f} | {ours['objective']:.3f} | {cpu:.1f} | {value} | "
          f"{solver.best_objective_bound / 1e9:.3f} | {spent:.1f} |", flush=True)


if __name__ == '__main__':
    main()
