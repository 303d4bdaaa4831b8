"""A rank: holds the parts of one device, and takes its share of a stream.

Rank 0 reads the job from standard input, where the launching program writes it, and writes what all ranks saw as one line of
standard output. An error of any rank ends all of them.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import sys
import time
from typing import Any, Callable, Dict, List, NoReturn, Optional

from ...errors import AllotError, RunError
from ..part_session import PartSession
from ..worker_main import pin
from .clocks import compare_clocks
from .job import Job
from .messages import CLOCK, READY
from .words import ALIVE, ERROR, RESULT

_LENGTH_BYTES = 8
_STEP_S = 0.01
_SETTLE_S = 0.3  # for what a rank has said to be heard, before all are ended


def _write(descriptor: int, text: str) -> None:
    data = memoryview(text.encode())
    while data:
        data = data[os.write(descriptor, data):]


def _fail(comm: Any, where: str, message: str) -> NoReturn:
    """Says why, and ends all ranks."""
    _write(2, f'\n{ERROR}{json.dumps([comm.rank, where, message])}\n')
    time.sleep(_SETTLE_S)
    comm.Abort(1)
    os._exit(1)


def _read_job() -> bytes:
    data = sys.stdin.buffer.read(_LENGTH_BYTES)
    wanted = int.from_bytes(data, 'little')
    job = sys.stdin.buffer.read(wanted) if len(data) == _LENGTH_BYTES else b''
    if len(job) < wanted or not job:
        raise RunError('the job did not come through; start the run again')
    return job


def _load(job: Job, rank: int, memory: Any) -> Dict[str, PartSession]:
    """The sessions of this rank's parts. Raises RunError."""
    from ..integrity import check_integrity
    from ..run_devices import ON_CPU
    from ..runtime import check_device, load_runtime, make_session, session_settings
    from ..tensor_store import TensorStore

    ort, device, manifest = load_runtime(), job.devices[rank], job.manifest
    check_device(ort, device.hint, ON_CPU)
    own = [part for part in job.flow.parts if part.device == device.name]
    files = [part.file.file for part in own]
    # FILE.data is of the part FILE alone, and may be on its host only.
    elsewhere = {f'{part.file.file}.data' for part in job.flow.parts} - {f'{name}.data' for name in files}
    files = list(dict.fromkeys([*files, *(name for name in manifest.external_data if name not in elsewhere)]))
    check_integrity(manifest, files)
    store, settings = TensorStore(ort, memory), session_settings(device.hint, job.level)
    sessions: Dict[str, PartSession] = {}
    for part in own:
        if part.session not in sessions:
            path = os.path.join(manifest.folder, part.file.file)
            try:
                sessions[part.session] = PartSession(ort, make_session(ort, path, settings), settings, store)
            except RunError as error:
                raise RunError(f'load {part.name}: {path}: {error}') from None
    return sessions


def _wait_for_all(comm: Any, job: Job, alive: Callable[[], None]) -> None:
    """Rank 0 waits until all others are ready, which a rank that hangs never is. Raises RunError."""
    if comm.rank != 0:
        comm.send(None, dest=0, tag=READY)
        return
    waiting, end, beat = set(range(1, comm.size)), time.monotonic() + job.stall_timeout_s, 0.0
    while waiting:
        for rank in sorted(waiting):
            if comm.iprobe(source=rank, tag=READY):
                comm.recv(source=rank, tag=READY)
                waiting.discard(rank)
        now = time.monotonic()
        if waiting and now > end:
            raise RunError(f'{job.where(min(waiting))} has not loaded its parts in {job.stall_timeout_s:g} s (--stall-timeout)')
        if now - beat > 1:
            beat = now
            alive()
        time.sleep(_STEP_S)


def _share(mpi: Any, comm: Any, job: Job) -> Optional[Dict[str, Any]]:
    """This rank's share of the run; on rank 0 the result."""
    from ..shared_memory import SharedMemory, create_shared_memory
    from .rank_stream import RankStream

    def alive() -> None:
        _write(1, f'{ALIVE}\n')

    memory = SharedMemory(create_shared_memory())
    sessions = _load(job, comm.rank, memory)
    _wait_for_all(comm, job, alive)
    before = compare_clocks(comm, CLOCK)
    stream = RankStream(mpi, comm, job, sessions, memory, alive)
    stream.run()
    after = compare_clocks(comm, CLOCK)
    records: Optional[List[Any]] = comm.gather(stream.record.to_json(), root=0)
    return None if records is None else {'clocks': [before, after], 'records': records}


def main() -> None:
    """The process."""
    try:
        settings: Any = importlib.import_module('mpi4py')
        settings.rc.thread_level = 'funneled'  # one thread calls MPI
        mpi: Any = importlib.import_module('mpi4py.MPI')
    except ImportError as error:
        _write(2, f'\n{ERROR}{json.dumps([-1, "", f"a rank cannot load mpi4py ({error}): pip install mpi4py"])}\n')
        os._exit(1)
    comm = mpi.COMM_WORLD
    where = f'rank {comm.rank}'
    try:
        job: Job = pickle.loads(comm.bcast(_read_job() if comm.rank == 0 else None, root=0))
        if len(job.devices) != comm.size:
            raise RunError(f'there are {comm.size} ranks for {len(job.devices)} devices; start the run by allot run --hosts')
        where = job.where(comm.rank)
        pin(job.devices[comm.rank].hint.cores)
        result = _share(mpi, comm, job)
    except AllotError as error:
        _fail(comm, where, str(error))
    except MemoryError:
        _fail(comm, where, 'the memory is full; lower --in-flight')
    except Exception as error:
        _fail(comm, where, f'{type(error).__name__}: {error}')
    if result is not None:
        _write(1, f'\n{RESULT}{json.dumps(result, separators=(",", ":"))}\n')
    mpi.Finalize()
    os._exit(0)
