"""Runs two builds on the same inputs and compares all that they print and write. Run by same.sh, which says how."""
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TARGETS = "cpu-2gpu,dual-socket-4gpu,homogeneous-8gpu,soc-npu,cpu-gpu"
USAGE = "usage: bench/same.sh OLD NEW FOLDER [--targets=A,B] [--objectives=A,B] [--only=REGEX] [--work=N]"
# A run that takes longer is stopped in both builds.
SECONDS = 900


def fail(message):
    sys.exit(f"error: {message}")


def parse_arguments(arguments):
    options = {"targets": TARGETS, "objectives": "latency,throughput", "only": ".", "work": "0"}
    places = []
    for argument in arguments:
        match = re.fullmatch(r"--([a-z]+)=(.*)", argument, re.S)
        if match and match[1] in options:
            options[match[1]] = match[2]
        elif argument.startswith("-"):
            fail(f"{argument}: no such flag; {USAGE}")
        else:
            places.append(Path(argument).resolve())
    if len(places) != 3:
        fail(USAGE)
    for build in places[:2]:
        for program in ("allot", "allot-opt", "allot-solve"):
            if not (build / program).is_file():
                fail(f"{build}: has no {program}; build it first")
    if not places[2].is_dir():
        fail(f"{places[2]}: no such folder")
    return places, options


class Run:
    """One command in an empty folder: status, what it printed and wrote, seconds of processor time, most memory in KiB."""

    def __init__(self, command):
        self.folder = Path(tempfile.mkdtemp())
        with open(self.folder / "stdout", "wb") as out, open(self.folder / "stderr", "wb") as err:
            child = subprocess.Popen(["timeout", str(SECONDS), *command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                     cwd=self.folder)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        self.status = child.returncode
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss
        # How long it took is no part of the answer.
        out = self.folder / "stdout"
        out.write_bytes(re.sub(rb'^ *"wall_s": .*\n', b"", out.read_bytes(), flags=re.M))

    def files(self):
        return {str(path.relative_to(self.folder)): path for path in sorted(self.folder.rglob("*")) if path.is_file()}

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def differences(old, new):
    """In what two runs differ: "status", or paths of files."""
    found = [] if old.status == new.status else [f"status {old.status}, {new.status}"]
    before, after = old.files(), new.files()
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            found.append(f"{name} is only in {'NEW' if name in after else 'OLD'}")
        elif before[name].stat().st_size != after[name].stat().st_size or before[name].read_bytes() != after[name].read_bytes():
            found.append(name)
    return found


def commands(folder, options, old):
    """(what, program, arguments, further ones that make it write) of every run."""
    only = re.compile(options["only"])
    work = [] if options["work"] == "0" else [f"--work={options['work']}"]
    limit = [] if options["work"] == "0" else [f"--work-limit={options['work']}"]
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and only.search(str(path.relative_to(folder)))]
    for path in paths:
        name = path.relative_to(folder)
        if path.suffix == ".onnx":
            for target in options["targets"].split(","):
                for objective in options["objectives"].split(","):
                    asked = [f"--target={target}", f"--objective={objective}", *work]
                    yield f"{name} {target} {objective}", "allot", [path, *asked, "--json"], ["-o", "out"]
        elif path.suffix == ".json":
            known = subprocess.run([old / "allot-solve", path, "--print-problem"], stdin=subprocess.DEVNULL,
                                   capture_output=True).returncode == 0
            if known:
                yield f"{name}", "allot-solve", [path, "--json", *limit], []


def main():
    (old, new, folder), options = parse_arguments(sys.argv[1:])
    runs, different, ratios, memory = 0, 0, [], [0, 0]
    for what, program, arguments, writing in commands(folder, options, old):
        before, after = Run([old / program, *arguments, *writing]), Run([new / program, *arguments, *writing])
        found = differences(before, after)
        if writing and before.status != 0 and not found:
            # What cannot be written, for want of weights, is planned and printed.
            before.remove()
            after.remove()
            before, after = Run([old / program, *arguments]), Run([new / program, *arguments])
            found = differences(before, after)
        runs += 1
        different += 1 if found else 0
        if found:
            print(f"differs: {what}: {', '.join(found)}", flush=True)
        if before.cpu > 0:
            ratios.append(after.cpu / before.cpu)
        memory = [max(memory[0], before.memory), max(memory[1], after.memory)]
        before.remove()
        after.remove()
    if runs == 0:
        fail(f"{folder}: holds no model and no problem that is asked for")
    print(f"{runs} runs, {different} differ; processor time NEW / OLD: median {statistics.median(ratios):.3f}; "
          f"most memory: OLD {memory[0] / 1024:.0f} MiB, NEW {memory[1] / 1024:.0f} MiB")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
