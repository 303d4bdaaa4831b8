"""Runs the micro-benchmarks of two builds in turn and compares their times. Run by micro.sh, which says how."""
import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

PROGRAM = "micro-benchmarks"
USAGE = "usage: bench/micro.sh OLD NEW [--filter=REGEX] [--pairs=N] [--seconds=S] [--limit=RATIO]"
NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def fail(message):
    sys.exit(f"error: {message}")


def parse_arguments(arguments):
    options = {"filter": ".", "pairs": "7", "seconds": "0.05", "limit": "1.10"}
    builds = []
    for argument in arguments:
        match = re.fullmatch(r"--([a-z]+)=(.*)", argument, re.S)
        if match and match[1] in options:
            options[match[1]] = match[2]
        elif argument.startswith("-"):
            fail(f"{argument}: no such flag; {USAGE}")
        else:
            builds.append(Path(argument).resolve())
    if len(builds) != 2:
        fail(USAGE)
    for build in builds:
        if not (build / PROGRAM).is_file():
            fail(f"{build}: has no {PROGRAM}; configure it with -DALLOT_BENCH=ON and build it first")
    try:
        pairs, seconds, limit = int(options["pairs"]), float(options["seconds"]), float(options["limit"])
    except ValueError as error:
        fail(f"{error}; {USAGE}")
    if pairs < 3 or not seconds > 0 or not limit > 0:
        fail(f"at least three pairs, and a time and a limit above zero, are needed; {USAGE}")
    return builds, options["filter"], pairs, seconds, limit


def run(build, *arguments):
    done = subprocess.run([build / PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"{build / PROGRAM}: exit status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def names_in(build, pattern):
    return [line for line in run(build, "--benchmark_list_tests=true", f"--benchmark_filter={pattern}").splitlines() if line]


def measure(build, name, seconds):
    """Nanoseconds of processor time of one iteration."""
    exactly = "^" + re.sub(r"([][.^$*+?(){}|\\])", r"\\\1", name) + "$"
    text = run(build, f"--benchmark_filter={exactly}", f"--benchmark_min_time={seconds}", "--benchmark_format=json")
    for found in json.loads(text)["benchmarks"]:
        if found.get("run_type", "iteration") != "iteration" or found["name"] != name:
            continue
        if found.get("error_occurred"):
            fail(f"{build / PROGRAM}: {name}: {found['error_message']}")
        return found["cpu_time"] * NANOSECONDS[found["time_unit"]]
    fail(f"{build / PROGRAM}: {name}: no time")


class Times:
    """Of one benchmark in both builds, pair by pair."""

    def __init__(self):
        self.old, self.new = [], []

    def add(self, builds, name, pairs, seconds):
        for _ in range(pairs):
            self.old.append(measure(builds[0], name, seconds))
            self.new.append(measure(builds[1], name, seconds))

    def ratio(self):
        return statistics.median(self.new) / statistics.median(self.old)

    def noise(self):
        low, _, high = statistics.quantiles([new / old for old, new in zip(self.old, self.new)], method="inclusive")
        return (high - low) / 2

    def slower_than(self, limit):
        return self.ratio() - self.noise() > limit


def shown(nanoseconds):
    for unit in ("ns", "us", "ms"):
        if nanoseconds < 1e3 * NANOSECONDS[unit]:
            return f"{nanoseconds / NANOSECONDS[unit]:.4g} {unit}"
    return f"{nanoseconds / 1e9:.4g} s"


def main():
    builds, pattern, pairs, seconds, limit = parse_arguments(sys.argv[1:])
    names = [names_in(build, pattern) for build in builds]
    both = [name for name in names[0] if name in names[1]]
    if not both:
        fail(f"no benchmark that both builds have matches '{pattern}'")
    for title, own, other in (("OLD", names[0], names[1]), ("NEW", names[1], names[0])):
        for name in own:
            if name not in other:
                print(f"only in {title}: {name}")
    width = max(len(name) for name in both)
    print(f"{'name':{width}}  {'OLD':>10}  {'NEW':>10}  ratio  noise", flush=True)
    slower = 0
    for name in both:
        times = Times()
        times.add(builds, name, pairs, seconds)
        if times.slower_than(limit):
            times.add(builds, name, pairs, seconds)
        is_slower = times.slower_than(limit)
        slower += 1 if is_slower else 0
        print(f"{name:{width}}  {shown(statistics.median(times.old)):>10}  {shown(statistics.median(times.new)):>10}  "
              f"{times.ratio():5.3f}  {times.noise():5.3f}{'  slower' if is_slower else ''}", flush=True)
    print(f"{len(both)} benchmarks, {slower} slower than {limit:.2f} times beyond their noise")
    sys.exit(1 if slower else 0)


if __name__ == "__main__":
    main()
