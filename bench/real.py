"""See real.sh. Each row is a run of `allot tune`, which measures turn by turn: one worker (the unsplit model on the best single
device), one session on all of them, whole copies at the same time, and the best split; then `allot run --check` on what it kept."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

MADE = ('googlenet', 'inception-v3', 'densenet-121', 'randwire', 'transformer-encoder', 'unet', 'resnet-50', 'mobilenet-v2')
TABLES = (('throughput', 'yes'), ('throughput', 'no'), ('latency', 'yes'))
KINDS = ('single', 'together', 'copies', 'split')


def ms(us):
    return f'{us / 1000:.{2 if us < 1e4 else 1}f}'


def percent(share):
    return f'{100 * share:.1f} %'


def program(name, *words):
    said = subprocess.run([f'build/allot-{name}', *map(str, words)], stdout=subprocess.PIPE, text=True)
    if said.returncode:
        raise RuntimeError(f'allot {name} ended with status {said.returncode}')
    return json.loads(said.stdout)


def row_of(model, folder, objective, replicas, flags, ratios, errors):
    tuned = program('tune', model, f'--target={flags.target}', f'--objective={objective}', f'--replicas={replicas}', '-o', folder, '--json')
    checked = program('run', folder / 'manifest.json', '--check', f'--samples={flags.samples}', '--json')
    of = {one['kind']: one for one in tuned['compared']}
    ratio = min(one['measured_us'] for one in tuned['compared'] if one['kind'] != 'split') / of['split']['measured_us'] if 'split' in of else None
    if ratio:
        ratios.append(ratio)
    errors.append(abs(tuned['error']))
    return [model.stem, *(ms(of[kind]['measured_us']) if kind in of else '-' for kind in KINDS),
            of['split']['name'].removeprefix('split, ') if 'split' in of else '-', f'{ratio:.2f}' if ratio else '-',
            of[tuned['chosen']['kind']]['name'], ms(tuned['predicted_us']), percent(tuned['error']), checked['check']['compared']]


def print_table(objective, replicas, models, flags):
    """Whether every row came about."""
    stream, well = objective == 'throughput', True
    title = f'throughput, --replicas={replicas} (ms per inference)' if stream else 'latency (ms)'
    print(f'| model, {title} | one worker | one session | copies | split | parts | split against the best unsplit | kept | predicted | off by | '
          'samples equal |\n|---|---:|---:|---:|---:|---:|---:|---|---:|---:|---:|')
    ratios, errors = [], []
    for model in models:
        folder = flags.out / f'{model.stem}-{objective}{f"-{replicas}" if stream else ""}'
        try:
            row = row_of(model, folder, objective, replicas, flags, ratios, errors)
        except (RuntimeError, OSError, KeyError, ValueError) as error:
            row, well = [model.stem, f'failed: {str(error)[:100]}', *[''] * 9], False
        print(f"| {' | '.join(map(str, row))} |", flush=True)
    if ratios:
        print(f'\na split was found for {len(ratios)} models and beats all that leaves them whole for {sum(ratio > 1 for ratio in ratios)}; '
              f'mean ratio {statistics.mean(ratios):.2f}')
    if errors:
        print(f'\nprediction off by {percent(statistics.median_low(errors))} at the median\n')
    return well


def main():
    parser = argparse.ArgumentParser(prog='bench/real.sh')
    parser.add_argument('models', nargs='*', type=pathlib.Path)
    parser.add_argument('--samples', type=int, default=1000)
    parser.add_argument('--target', default='host:cpus=1+1')
    parser.add_argument('--out', type=pathlib.Path, default=pathlib.Path('build/real'))
    parser.add_argument('--objective', choices=('latency', 'throughput'))
    parser.add_argument('--replicas', choices=('yes', 'no'))
    flags = parser.parse_args()
    flags.out.mkdir(parents=True, exist_ok=True)
    models = flags.models
    for name in () if models else MADE:
        file = flags.out / f'{name}.onnx'
        if not file.exists():
            subprocess.run(['build/allot', 'make-model', name, file], check=True, stdout=subprocess.DEVNULL)
        models = [*models, file]
    processor = next((line.split(':')[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')), 'an unknown processor')
    print(f'{os.cpu_count()} cores of {processor}, target {flags.target}, load {os.getloadavg()[0]:.2f} at the start\n')
    wanted = [(objective, replicas) for objective, replicas in TABLES
              if (flags.objective or objective) == objective and (flags.replicas or replicas) == replicas]
    return 0 if all([print_table(*one, models, flags) for one in wanted]) else 1


if __name__ == '__main__':
    sys.exit(main())
