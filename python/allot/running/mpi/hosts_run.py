"""Running a manifest across hosts: who runs what, the inputs and what the whole model makes of them, the ranks, the report."""

from __future__ import annotations

import dataclasses
import math
import os
from typing import Any, Dict, List, Sequence

from ...errors import InvalidInput
from ..conductor import PartRun, Sample
from ..dataflow import Dataflow, make_dataflow
from ..input_sets import make_input_sets
from ..manifest import Lane, Manifest
from ..measured_run import MeasuredRun
from ..plan_run import PlanRun, outputs_wanted
from ..run_devices import asked_devices
from ..run_options import PIPELINE, RunOptions, enough_in_flight, mode_of
from ..tolerance import default_tolerance
from .clocks import Reading, in_first_clock
from .hostfile import HostDevices, assign_devices, read_hostfile
from .job import Job
from .launch import run_ranks
from .links import Travel, link_use
from .reaching import mpirun_path, networks_of


def _refuse(options: RunOptions) -> None:
    if options.steps is not None:
        raise InvalidInput('--steps: state stays on one host; leave out --hosts, or run --samples')
    if options.whole is not None:
        raise InvalidInput('--whole: one device runs the whole model, on one host; leave out --hosts')


def run_on_hosts(manifest: Manifest, options: RunOptions, hostfile: str) -> PlanRun:
    """Like run_plan(), with a rank of Open MPI for each device, on the host that a hostfile or the manifest gives it.

    Raises RunError also for hosts that cannot be reached or lack something, and for ranks that die.
    """
    _refuse(options)
    hosts = read_hostfile(hostfile)
    mode = mode_of(manifest, options)
    pipeline = mode == PIPELINE
    lanes: Sequence[Lane] = manifest.lanes if pipeline else [Lane(1, manifest.lanes[0].parts, manifest.lanes[0].arrivals_us)]
    flow = make_dataflow(manifest.inputs, manifest.outputs, lanes)
    used = {part.device for part in flow.parts}
    if not used:
        raise InvalidInput(f'{manifest.file}: the plan has no parts to run; leave out --hosts')
    assigned = assign_devices(hostfile, hosts, [hint for hint in manifest.devices.values() if hint.name in used])
    mpirun_path()
    options.progress('asking the hosts')
    networks = networks_of([host.name for host in assigned])
    job = _job(manifest, options, flow, assigned, pipeline)
    warmup = _warmup(options, job.in_flight, pipeline)
    options.progress(f'running {len(flow.parts)} parts on {len(assigned)} hosts')
    result = run_ranks(job, assigned, networks)
    options.progress('')
    samples = _samples(job, result)
    count = job.count - warmup - (job.in_flight if pipeline else 0)
    measured = samples[warmup:warmup + count]
    host_of = {device.name: host for device, host in zip(job.devices, job.hosts)}
    moved = any(device.moved for device in job.devices)
    links = link_use(lanes, _travels(job, result), [sample.index for sample in measured], host_of, not moved)
    extra = {'hosts': [{'name': host.name, 'devices': list(host.devices)} for host in assigned], 'links': links}
    report = MeasuredRun(job.manifest, options, mode, flow, job.devices, samples, warmup, count, job.in_flight, extra)
    return PlanRun(report.report(_check(job, result)), measured, flow)


def _warmup(options: RunOptions, in_flight: int, pipeline: bool) -> int:
    return max(options.warmup, in_flight if pipeline else 1)


def _job(manifest: Manifest, options: RunOptions, flow: Dataflow, assigned: Sequence[HostDevices], pipeline: bool) -> Job:
    ordered = [manifest.devices[name] for host in assigned for name in host.devices]
    devices = asked_devices(ordered, options.on_cpu)
    sets = make_input_sets(manifest, count=min(options.distinct, options.samples), seed=options.seed, dims=options.dims,
                           default_dim=options.default_dim, spec_file=options.spec_file, folder=options.inputs_folder)
    expected = None
    if options.check:
        # On this machine, which may have other cores than the hosts.
        free = [dataclasses.replace(device, hint=dataclasses.replace(device.hint, cores=None)) for device in devices]
        expected = outputs_wanted(manifest, sets, free, options).outputs
    tolerance = options.tolerance if options.tolerance is not None else default_tolerance(manifest, devices, options.level)
    in_flight = (options.in_flight or enough_in_flight(flow)) if pipeline else 1
    cycle = len(flow.turns)
    count = math.ceil(options.samples / cycle) * cycle
    # A stream that ends is no longer steady: the samples behind those that count keep the devices busy.
    total = _warmup(options, in_flight, pipeline) + count + (in_flight if pipeline else 0)
    here = dataclasses.replace(manifest, folder=os.path.abspath(manifest.folder))
    return Job(here, flow, tuple(devices), tuple(host.name for host in assigned for _ in host.devices), options.level, sets, expected,
               tolerance, in_flight, total, options.stall_timeout_s)


def _readings(result: Dict[str, Any], rank: int) -> List[Reading]:
    return [(side[rank][0], side[rank][1]) for side in result['clocks']]


def _samples(job: Job, result: Dict[str, Any]) -> List[Sample]:
    """Samples with their parts' times in rank 0's clock. One begins when its first part does and ends when its last one has."""
    samples = [Sample(index, 0, job.flow) for index in range(job.count)]
    for rank, record in enumerate(result['records']):
        before, after = _readings(result, rank)
        for index, part, times in record['runs']:
            start, read, computed, end = (in_first_clock(time, before, after) for time in times)
            samples[index].runs.append(PartRun(part, (start, read, computed, end)))
    for sample in samples:
        sample.begin_us = min(run.times_us[0] for run in sample.runs)
        sample.end_us = max(run.times_us[3] for run in sample.runs)
    return samples


def _travels(job: Job, result: Dict[str, Any]) -> List[Travel]:
    travels = []
    for rank, record in enumerate(result['records']):
        own = _readings(result, rank)
        for sample, tensor, source, size, sent, arrived in record['arrivals']:
            theirs = _readings(result, source)
            travels.append(Travel(sample, tensor, job.devices[source].name, job.devices[rank].name, size,
                                  in_first_clock(sent, *theirs), in_first_clock(arrived, *own)))
    return travels


def _check(job: Job, result: Dict[str, Any]) -> Any:
    if job.expected is None:
        return None
    computed = sum(name not in job.flow.inputs for name in job.flow.outputs)
    return {'compared': sum(record['compared'] for record in result['records']) // max(1, computed), 'tolerance': job.tolerance,
            'worst': max(record['worst'] for record in result['records'])}
