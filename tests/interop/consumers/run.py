"""Runs every consumer of what Allot writes and compares the table of docs/consumers.md with what came of it.

usage: run.py --build=FOLDER --scratch=FOLDER [--rebase] [CONSUMER...]

Each consumer is a program of this folder, run by the Python of an environment in the build folder that has pinned versions
(.ci/python_packages.sh LIST BUILD/ENVIRONMENT); one whose environment is missing is left out, and says so. rows.json in the scratch
folder has what was found; --rebase writes it into the page. Exit status 1 if a consumer fails, or the page says anything else.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parents[2] / 'docs/consumers.md'
BEGIN, END = '<!-- table: tests/interop/consumers/run.py -->\n', '<!-- end of the table -->\n'
HEADER = '| consumer | version | what was run | result |\n|---|---|---|---|\n'
# What runs, in which environment, and the rows that it has.
CONSUMERS = [
    ('onnx_checker', 'consumers-venv', ['ONNX']),
    ('onnxruntime_annotated', 'consumers-venv', ['ONNX Runtime']),
    ('onnxruntime_webgpu', 'webgpu-venv', ['ONNX Runtime, WebGPU']),
    ('openvino_hetero', 'consumers-venv', ['OpenVINO, HETERO', 'OpenVINO, devices']),
    ('triton_config', 'consumers-venv', ['Triton Inference Server']),
    ('iree_compile', 'iree-venv', ['IREE', 'IREE, by mlir-opt']),
    ('onnx_mlir_json', 'consumers-venv', ['onnx-mlir, its file']),
]


def run(name, environment, names, arguments):
    """The rows of a consumer; raises RuntimeError if it fails."""
    python = arguments.build / environment / 'bin/python'
    if not (arguments.build / environment / 'installed.txt').exists():
        return [{'consumer': each, 'left_out': f'there is no {environment}'} for each in names]
    done = subprocess.run([python, '-B', HERE / f'{name}.py', f'--build={arguments.build}', f'--scratch={arguments.scratch / name}'],
                          capture_output=True, text=True, env={**os.environ, 'ORT_DISABLE_TELEMETRY': '1'})
    if done.returncode != 0:
        raise RuntimeError(f'{name}: {done.stderr.strip() or done.returncode}')
    rows = json.loads(done.stdout.splitlines()[-1])
    if [row['consumer'] for row in rows] != names:
        raise RuntimeError(f'{name}: rows of {[row["consumer"] for row in rows]} where {names} were expected')
    return rows


def line_of(row):
    return '| ' + ' | '.join(row[key] for key in ('consumer', 'version', 'ran', 'result')) + ' |\n'


def committed():
    """The page before the table, {consumer: line}, and the page behind it."""
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    table, after = rest.split(END)
    return before, {line.split(' | ')[0].removeprefix('| '): line for line in table.splitlines(keepends=True)[2:]}, after


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', type=lambda text: pathlib.Path(text).resolve(), required=True)
    parser.add_argument('--scratch', type=lambda text: pathlib.Path(text).resolve(), required=True)
    parser.add_argument('--rebase', action='store_true')
    parser.add_argument('consumers', nargs='*')
    arguments = parser.parse_args()
    before, lines, after = committed()
    found, failed = [], 0
    for name, environment, names in CONSUMERS:
        if arguments.consumers and name not in arguments.consumers:
            continue
        try:
            rows = run(name, environment, names, arguments)
        except RuntimeError as error:
            print(f'FAILED {error}', flush=True)
            failed += 1
            continue
        found += rows
        for row in rows:
            if 'left_out' in row:
                print(f"left out: {row['consumer']}: {row['left_out']}", flush=True)
            elif arguments.rebase or lines.get(row['consumer']) == line_of(row):
                lines[row['consumer']] = line_of(row)
                print(f"ok {row['consumer']} {row['version']}", flush=True)
            else:
                failed += 1
                print(f"FAILED {row['consumer']}: {PAGE.name} says\n{lines.get(row['consumer'], 'nothing')}and this is so:\n{line_of(row)}"
                      f'if that is as it should be, run.py --rebase writes it', flush=True)
    known = [name for _, _, names in CONSUMERS for name in names]
    for name in lines:
        if name not in known:
            failed += 1
            print(f'FAILED {PAGE.name} has a row of {name}, which nothing runs')
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    (arguments.scratch / 'rows.json').write_text(json.dumps(found, indent=1) + '\n')
    if arguments.rebase and not failed:
        PAGE.write_text(before + BEGIN + HEADER + ''.join(lines[name] for name in known if name in lines) + END + after)
    print(f'{sum("left_out" not in row for row in found)} rows, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
