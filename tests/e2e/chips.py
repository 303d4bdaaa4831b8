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


def refused(allot, arguments, pattern):
    """None if the last line of what is said holds the pattern and nothing is written, else what is wrong."""
    done = subprocess.run([allot, *arguments], capture_output=True, text=True)
    said = done.stderr.strip().splitlines() or ['']
    return None if done.returncode == 1 and pattern in said[-1] and not done.stdout else f'ends with {done.returncode}: {done.stderr}'


def trains(allot, models, scratch):
    """None if models are learned from, the same each time, and the weights are taken; else what is wrong."""
    zoo = scratch / 'zoo'
    zoo.mkdir()
    for name in ('branches', 'decoder'):
        shutil.copy(models / f'{name}.onnx', zoo)
    (zoo / 'broken.onnx').write_text('no model')
    (zoo / 'notes.json').write_text('{"schema": "of something else"}')
    weights = scratch / 'weights.json'
    train = [allot, 'train-proposer', f'--models={zoo}', '--dim', 'batch=2', '--made=1', '--rounds=20', '-o', weights]
    for run in range(2):
        done = subprocess.run(train, capture_output=True, text=True)
        if done.returncode != 0:
            return done.stderr
        for name in ('branches', 'decoder'):
            for target in ('mcm-8', 'mcm-36'):
                if f'{name} on {target}' not in done.stdout:
                    return f'{name} on {target} was not learned from: {done.stdout}'
        if 'left out: broken on mcm-8: ' not in done.stderr or 'notes' in done.stderr:
            return f'what was left out is not said: {done.stderr}'
        if run == 0:
            before = weights.read_bytes()
        elif weights.read_bytes() != before:
            return 'the same rounds give other weights'
    return subprocess.run([allot, models / 'branches.onnx', '--target=mcm-8', '--objective=throughput', f'--proposer={weights}', '--finetune=20',
                           WORK, '--quiet'], capture_output=True, text=True).stderr or None


def fault_of_problem(allot, model, scratch):
    """None if what allot-opt prints of a model on a module is a problem of chips that allot-solve takes, else what is wrong."""
    programs = pathlib.Path(allot).parent
    problem = scratch / 'problem.json'
    done = subprocess.run([programs / 'allot-opt', model, '--target=mcm-8', '--print-problem', '-o', problem,
                           '--pass-pipeline=infer-shapes,copy-cones,estimate-cost,coarsen'], capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr
    done = subprocess.run([programs / 'allot-solve', problem, '--work-limit=10000', '--json'], capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr
    answer = json.loads(done.stdout)
    return None if answer['kind'] == 'chips' and answer['bound'] <= answer['objective'] else done.stdout


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
    on_chips = [model, '--target=mcm-8', '--objective=throughput']
    (scratch / 'empty').mkdir()
    (scratch / 'bad').mkdir()
    bad, broken = scratch / 'bad.json', scratch / 'bad' / 'broken.onnx'
    bad.write_text('{"schema": "allot.proposer/9"}')
    broken.write_text('no model')
    out = ['-o', scratch / 'never.json']
    for arguments, pattern in [
            ([model, '--target=mcm-8'], 'say --objective=throughput'),
            ([*on_chips, f'--proposer={bad}'], 'must be "allot.proposer/1"'),
            ([*on_chips, f'--proposer={scratch}/none.json'], 'none.json'),
            ([*on_chips, '--finetune=-1'], '--finetune'),
            ([*on_chips, '--pin', '.*=chip1'], 'rules that pin or forbid are not known'),
            ([model, '--target=cpu-2gpu', f'--proposer={bad}'], '--proposer is of modules of chips'),
            ([model, '--target=cpu-2gpu', '--finetune=5'], '--finetune is of modules of chips'),
            (['train-proposer'], 'say -o FILE'),
            (['train-proposer', '--made=0', *out], 'there is nothing to learn from'),
            (['train-proposer', f'--models={scratch}/none', *out], 'none: there is no such folder or file'),
            (['train-proposer', f'--models={scratch}/empty', *out], 'empty: has no model (*.onnx, *.mlir)'),
            (['train-proposer', f'--models={scratch}/bad', *out], 'bad: nothing of it can be learned from; 2 left out'),
            (['train-proposer', f'--models={models}', '--target=cpu-2gpu', *out], '--target=cpu-2gpu: is no module of chips'),
            (['train-proposer', f'--models={models}', '--dim', 'batch', *out], '--dim=batch: expected NAME=SIZE'),
            (['train-proposer', '-o', scratch / 'none' / 'w.json'], 'w.json: cannot be written'),
            (['train-proposer', '-o', scratch], 'cannot be written: Is a directory')]:
        why = refused(allot, arguments, pattern)
        failed += bool(why)
        print(f"{'FAILED' if why else 'ok'} refuses {' '.join(str(each) for each in arguments)}{': ' + why if why else ''}", flush=True)
    if (scratch / 'never.json').exists():
        failed += 1
        print('FAILED a refusal has written weights')
    why = fault_of_problem(allot, model, scratch)
    failed += bool(why)
    print(f"{'FAILED' if why else 'ok'} prints a problem of chips{': ' + why if why else ''}", flush=True)
    why = trains(allot, models, scratch)
    failed += bool(why)
    print(f"{'FAILED' if why else 'ok'} trains a proposer on models and uses it{': ' + why if why else ''}")
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
