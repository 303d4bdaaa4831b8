"""Starting ranks by mpirun, and what is said where that goes wrong."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pickle
import re
import selectors
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Dict, List, Optional, Sequence

from ...errors import RunError
from ...support.interruption import undisturbed
from ...support.temporary_folder import temporary_folder
from ...support.text import one_line
from .closed_network import enter_closed_network
from .hostfile import HostDevices
from .job import Job
from .messages import EAGER
from .reaching import is_here, mpirun_path, remove_there
from .words import ALIVE, ERROR, RESULT

_BETWEEN = '\x1f'
_BOOT = ('import sys; sys.path[:] = sys.argv[1].split("\x1f"); '
         'from allot.running.mpi.rank_start import main; main()')
_STEP, _TICK_S = 1 << 16, 0.25
_ENDING_S = 15.0  # that mpirun has to end all ranks
_ABORT_S = 5.0  # that it has to do so by itself once a rank has said why
_GRACE_S = 15.0  # beyond --stall-timeout, within which rank 0 itself says who stalls
_PR_SET_PDEATHSIG = 1


def mpirun_words(mpirun: str, hosts: Sequence[HostDevices], networks: Sequence[str], folder: str) -> List[str]:
    """The command: the ranks of each host in the order of its devices. Open MPI connects within the networks of the hosts only, and
    keeps its files in `folder` of each host."""
    several = len(hosts) > 1
    inside = ','.join(networks)
    settings = {'pml': 'ob1', 'btl': 'self,vader,tcp' if several else 'self,vader', 'btl_tcp_if_include': inside,
                'btl_tcp_eager_limit': str(EAGER), 'btl_tcp_rndv_eager_limit': str(EAGER), 'btl_tcp_max_send_size': str(EAGER),
                'oob_tcp_if_include': inside, 'reachable': 'weighted', 'btl_tcp_disable_family': '6', 'mpi_yield_when_idle': '1',
                'orte_abort_on_non_zero_status': '1', 'orte_tmpdir_base': folder,
                'btl_base_warn_component_unused': '0', 'plm_rsh_no_tree_spawn': '1'}
    words = [mpirun, '--bind-to', 'none', '--wdir', '/']
    if os.geteuid() == 0:
        words.append('--allow-run-as-root')
    for key, value in settings.items():
        if f'OMPI_MCA_{key}' not in os.environ:  # who sets one knows better
            words += ['--mca', key, value]
    paths = _BETWEEN.join(os.path.abspath(path) for path in sys.path if path)
    for number, host in enumerate(hosts):
        if number > 0:
            words.append(':')
        count = str(len(host.devices))
        words += ['-np', count, '--host', f'{host.name}:{count}', sys.executable, '-c', _BOOT, paths]
    return words


class _Ranks:
    """mpirun and what it says."""

    def __init__(self, words: Sequence[str], job: Job, closed: bool) -> None:
        self._job = job
        self._output: List[bytes] = []
        self._errors: List[str] = []
        self._partial = {'stdout': b'', 'stderr': b''}
        self.result: Optional[Dict[str, Any]] = None
        parent = os.getpid()

        def end_with_parent() -> None:
            if sys.platform == 'linux':
                ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)
            if closed:
                enter_closed_network()

        try:
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                            start_new_session=True, preexec_fn=end_with_parent)
        except OSError as error:
            raise RunError(f'{words[0]} cannot be started: {error.strerror}') from None

    def give_job(self) -> None:
        """Writes it to rank 0, on a thread: nobody reads before all ranks have started."""
        data = pickle.dumps(self._job, protocol=4)

        def write() -> None:
            with contextlib.suppress(OSError, ValueError):
                pipe = self.process.stdin
                assert pipe is not None
                pipe.write(len(data).to_bytes(8, 'little') + data)
                pipe.close()

        threading.Thread(target=write, daemon=True).start()

    def listen(self) -> None:
        """Until mpirun ends, or a rank has said why and mpirun goes on. Raises RunError where rank 0 is silent for too long."""
        limit, heard = self._job.stall_timeout_s + _GRACE_S, time.monotonic()
        with selectors.DefaultSelector() as selector:
            for name in ('stdout', 'stderr'):
                selector.register(getattr(self.process, name), selectors.EVENT_READ, name)
            while selector.get_map():
                for key, _ in selector.select(_TICK_S):
                    data = os.read(key.fd, _STEP)
                    if data:
                        heard = time.monotonic()
                        self._hear(key.data, data)
                    else:
                        selector.unregister(key.fileobj)
                if any(line.startswith(ERROR) for line in self._errors) and time.monotonic() - heard > _ABORT_S:
                    return  # mpirun waits for a host that does not answer
                if time.monotonic() - heard > limit:
                    raise RunError(f'{self._job.where(0)} has not answered for {limit:g} s (--stall-timeout)')
        self.process.wait()

    def _hear(self, name: str, data: bytes) -> None:
        *lines, self._partial[name] = (self._partial[name] + data).split(b'\n')
        for line in lines:
            if name == 'stderr':
                self._errors.append(line.decode(errors='replace'))
            elif line.startswith(RESULT.encode()):
                self.result = json.loads(line[len(RESULT):])
            elif line != ALIVE.encode() and line:
                self._output.append(line)

    def end(self) -> None:
        """Ends all ranks, whatever they do. mpirun ends those that it has started."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_ENDING_S)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]

    def why(self) -> str:
        """Why there is no result."""
        return failure(self._job, self._errors, self.process.returncode)


def failure(job: Job, errors: Sequence[str], status: int) -> str:
    """One line for what ranks and mpirun have said: what a rank knows of itself first, then how one ended, then the rest."""
    told = [json.loads(line[len(ERROR):]) for line in errors if line.startswith(ERROR)]
    for rank, where, message in told:
        if rank >= 0 and not where:  # said by what started it; what others say then follows from that
            return f'the rank of {job.where(rank)} {message}'
    if told:
        rank, where, message = told[0]
        # Rank 0 speaks of others by their names.
        return str(message) if rank < 0 or message.startswith('device ') else f'{where}: {message}'
    text = ' '.join(errors)
    ended = re.search(r'process rank (\d+) with PID \d+ on\s+node (\S+) exited on\s+signal (\d+)', text)
    if ended:
        return f'the rank of {job.where(int(ended.group(1)))} was killed by {_signal_name(int(ended.group(3)))}'
    ended = re.search(r'Process name: \[\[\d+,\d+\],(\d+)\]\s+Exit code:\s+(\d+)', text)
    if ended:
        return f'the rank of {job.where(int(ended.group(1)))} ended with status {ended.group(2)}'
    lost = re.search(r'lost communication with a remote daemon.*?Remote daemon: +\S+ on node (\S+)', text)
    if lost:
        return f'host {lost.group(1)} was lost: it went down, or Open MPI was ended there'
    said = one_line(' '.join(line for line in errors if line.strip() and not line.startswith('---')))
    return f'mpirun ended with status {status}' + (f': {said[:400]}' if said else ' and said nothing')


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f'signal {number}'


def run_ranks(job: Job, hosts: Sequence[HostDevices], networks: Sequence[str]) -> Dict[str, Any]:
    """What ranks saw: {'clocks': [before, after], 'records': [...]}. Ends all of them, however it ends. Raises RunError."""
    closed = len(hosts) == 1 and is_here(hosts[0].name)
    with temporary_folder() as folder:
        with undisturbed():  # a signal now would leave ranks behind
            ranks = _Ranks(mpirun_words(mpirun_path(), hosts, networks, folder), job, closed)
        try:
            ranks.give_job()
            ranks.listen()
            if ranks.result is None or ranks.process.returncode != 0:
                raise RunError(ranks.why())
            return ranks.result
        finally:
            with undisturbed():
                ranks.end()
                for host in hosts:
                    remove_there(host.name, folder)
