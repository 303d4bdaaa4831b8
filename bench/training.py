"""The tables of bench/training.sh: arguments are allot-solve, the folder, and flags for the clusters."""
import csv
import glob
import json
import os
import resource
import subprocess
import sys

solve, folder, flags = sys.argv[1], sys.argv[2], sys.argv[3:]


def run(*arguments):
    """The result as JSON, and the processor seconds that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([solve, *arguments, "--json"], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: {done.stderr.strip()}")
    return json.loads(done.stdout), after.ru_utime - before.ru_utime


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def head(*names):
    row(*names)
    row("---", *["---:"] * (len(names) - 1))


def mean(values):
    return sum(values) / len(values)


def measured(model):
    print(f"\n### Measured plans: {model}\n")
    head("plan", "measured s", "published judge s", "error %", "own model s", "error %",
         "measured GB", "expected GB", "error %")
    errors = []
    for file in sorted(glob.glob(f"{folder}/validation/{model}/*.json")):
        plan, _ = run(file, f"--judge={file}")
        each = [plan[f"{name}_error_percent"] for name in ("sailor", "own", "memory")]
        errors.append(each)
        note = " *" if plan.get("notes") else ""
        row(os.path.basename(file).removeprefix("plan_config_").removesuffix(".json") + note,
            f"{plan['real_s']:.4f}", f"{plan['sailor_s']:.4f}", f"{each[0]:+.1f}",
            f"{plan['own_s']:.4f}", f"{each[1]:+.1f}", f"{plan['real_memory_bytes'] / 1e9:.2f}",
            f"{plan['max_memory_bytes'] / 1e9:.2f}", f"{each[2]:+.1f}")
    for k, name in enumerate(("published judge", "own model", "memory")):
        sizes = sorted(abs(each[k]) for each in errors)
        print(f"\n{name}: mean of errors {mean(sizes):.2f} %, largest {sizes[-1]:.2f} %; "
              f"without the two largest {mean(sizes[:-2]):.2f} %, {sizes[-3]:.2f} %")


def clusters(config):
    print(f"\n### Clusters: {os.path.basename(config)}\n")
    head("cluster", "GPUs", "planner s", "bound s", "gap %", "best pool alone s",
         "uniform s", "stages",
         "replicas", "micro-batch", "CPU s")
    for trace in sorted(glob.glob(f"{folder}/configs/*.csv")):
        with open(trace, newline="") as file:
            rows = list(csv.reader(file))
        for number, cells in enumerate(rows[1:]):
            cluster = f"--cluster={trace}:{number}"
            best, seconds = run(config, cluster, *flags)
            uniform, _ = run(config, cluster, *flags, "--solver=uniform")
            pools = [name.replace("_", "@", 1) + ":" + count
                     for name, count in zip(rows[0][2:], cells[2:]) if int(count) > 0]
            alone = min(run(config, f"--cluster={pool}", *flags)[0]["objective"] for pool in pools)
            row(f"{os.path.basename(trace).removesuffix('.csv')}:{number}", "+".join(cells[2:]),
                f"{best['objective']:.4f}", f"{best['bound']:.4f}", f"{100 * best['gap']:.1f}", f"{alone:.4f}",
                f"{uniform['objective']:.4f}", len(best["stages"]), best["replicas"],
                best["micro_batch"], f"{seconds:.1f}")


for name in sorted(os.listdir(f"{folder}/validation")):
    measured(name)
for path in sorted(glob.glob(f"{folder}/configs/training_config_*.json")):
    clusters(path)
