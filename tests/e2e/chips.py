"""Modules of chips, end to end: parts against the original in ONNX Runtime, one for each chip, in the order of the chips.

usage: chips.py ALLOT MAKE-E2E-MODELS SCRATCH-FOLDER
"""
import json
import pathlib
import shutil
import subprocess
import sys

from run_parts import check_folder

WORK = '--work=100000'  # as much as these small models need


def fault(allot, model, target, out, least_parts):
    """None if all is well, else what is wrong."""
    done = subprocess.run([allot, model, f'--target={target}', '--objective=throughput', '--dim', 'batch=2', '--quiet', WORK, '-o', out],
                          capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr
    if why := check_folder(model, out):
        return why
    plan = json.loads((out / 'plan.json').read_text())
    devices = [part['device'] for part in plan['parts']]
    if len(devices) < least_parts:
        return f'there are {len(devices)} parts'
    if devices != [f'chip{i}' for i in range(len(devices))]:
        return f'the parts are on {devices}'
    return None


def refused(allot, model, arguments, pattern):
    done = subprocess.run([allot, model, '--target=mcm-8', *arguments], capture_output=True, text=True)
    said = done.stderr.strip().splitlines()
    return None if done.returncode == 1 and pattern in said[-1] else f'{arguments} ends with {done.returncode}: {done.stderr}'


def main():
    allot, make_models, scratch = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]).resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    models = scratch / 'models'
    models.mkdir(parents=True)
    subprocess.run([make_models, models], check=True, stdout=subprocess.DEVNULL)
    failed = 0
    for name, target, least_parts in [('branches', 'mcm-8', 2), ('tied_embedding', 'mcm-8', 2), ('decoder', 'mcm-36', 2)]:
        why = fault(allot, models / f'{name}.onnx', target, scratch / f'{name}-{target}', least_parts)
        failed += bool(why)
        print(f"{'FAILED' if why else 'ok'} {name} on {target}{': ' + why if why else ''}", flush=True)
    model = models / 'branches.onnx'
    stream = '--objective=throughput'
    bad = scratch / 'bad.json'
    bad.write_text('{"schema": "allot.proposer/9"}')
    for arguments, pattern in [([], 'say --objective=throughput'), ([stream, f'--proposer={bad}'], 'must be "allot.proposer/1"'),
                               ([stream, f'--proposer={scratch}/none.json'], 'none.json'),
                               ([stream, '--pin', '.*=chip1'], 'rules that pin or forbid are not known')]:
        why = refused(allot, model, arguments, pattern)
        failed += bool(why)
        print(f"{'FAILED' if why else 'ok'} refuses {arguments}{': ' + why if why else ''}", flush=True)
    weights = scratch / 'weights.json'
    train = [allot, 'train-proposer', '--made=1', '--rounds=20', '-o', weights]
    why = None
    for run in range(2):
        done = subprocess.run(train, capture_output=True, text=True)
        if done.returncode != 0:
            why = done.stderr
        elif run == 0:
            before = weights.read_bytes()
        elif weights.read_bytes() != before:
            why = 'the same rounds give other weights'
    if why is None:
        why = subprocess.run([allot, model, '--target=mcm-8', stream, f'--proposer={weights}', '--finetune=20', WORK, '--quiet'],
                             capture_output=True, text=True).stderr or None
    failed += bool(why)
    print(f"{'FAILED' if why else 'ok'} trains a proposer and uses it{': ' + why if why else ''}")
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
