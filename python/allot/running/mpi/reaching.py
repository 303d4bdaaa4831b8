"""Whether hosts can be reached and have what a rank needs, and in which networks they are: asked before anything is started,
so that what is wrong is said of a host by name."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
from typing import List, Sequence

from ...errors import RunError
from ...support.text import one_line

_LONGEST_S = 30.0
NEEDS_MPIRUN = 'running across hosts needs Open MPI: install it (Debian: openmpi-bin)'
NEEDS_MPI4PY = 'install it there (Debian: python3-mpi4py; or pip install mpi4py)'

# Run on each host with its address as the word: what is missing, or the network of the interface with this address.
_PROBE = '''
import importlib.util, sys
for name, word in (("mpi4py", "no-mpi4py"), ("onnxruntime", "no-onnxruntime")):
    if importlib.util.find_spec(name) is None:
        print(word); sys.exit(0)
import fcntl, socket, struct
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _, name in socket.if_nameindex():
    try:
        told = struct.pack("256s", name.encode()[:15])
        address = fcntl.ioctl(end, 0x8915, told)[20:24]
        mask = fcntl.ioctl(end, 0x891b, told)[20:24]
    except OSError:
        continue
    if socket.inet_ntoa(address) == sys.argv[1]:
        network = bytes(a & m for a, m in zip(address, mask))
        print(socket.inet_ntoa(network) + "/" + str(sum(bin(m).count("1") for m in mask))); sys.exit(0)
print("no-interface")
'''


def is_here(host: str) -> bool:
    """Whether a host is this machine, by its name or an address."""
    name = socket.gethostname()
    if host in ('localhost', name, name.split('.')[0]):
        return True
    try:
        address = socket.gethostbyname(host)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.bind((address, 0))  # nobody else's
        return True
    except OSError:
        return False


def mpirun_path() -> str:
    """Where mpirun is. Raises RunError with the package."""
    path = shutil.which('mpirun')
    if path is None:
        raise RunError(f'{NEEDS_MPIRUN}; there is no mpirun on the path')
    return path


def agent_words() -> List[str]:
    """What Open MPI reaches other hosts by: what its own setting says, else ssh."""
    said = os.environ.get('OMPI_MCA_plm_rsh_agent')
    return shlex.split(said) if said else ['ssh', '-o', 'BatchMode=yes', '-o', f'ConnectTimeout={_LONGEST_S / 3:.0f}']


def networks_of(hosts: Sequence[str]) -> List[str]:
    """The networks that the hosts are in, as Open MPI takes them; loopback's if all are this machine. Raises RunError."""
    networks = []
    for host in hosts:
        here = is_here(host)
        if here and len(hosts) == 1:
            address = '127.0.0.1'
        else:
            try:
                address = socket.gethostbyname(host)
            except OSError as error:
                raise RunError(f'host {host} cannot be found ({error.strerror or error}); correct its name in the hostfile, or make '
                               'it known (/etc/hosts)') from None
            if address.startswith('127.'):
                raise RunError(f'host {host} is {address} here, where other hosts do not reach it; name it by an address that they reach')
        networks.append(_ask(host, here, address))
    return list(dict.fromkeys(networks))


def _ask(host: str, here: bool, address: str) -> str:
    words = [sys.executable, '-c', _PROBE, address]
    command = words if here else [*agent_words(), host, shlex.join(words)]
    try:
        asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONGEST_S, check=False)
    except FileNotFoundError:
        raise RunError(f'host {host} cannot be reached: there is no {command[0]}; install it (Debian: openssh-client), or name '
                       'another agent in OMPI_MCA_plm_rsh_agent') from None
    except OSError as error:
        raise RunError(f'host {host} cannot be reached: {command[0]}: {error.strerror}') from None
    except subprocess.TimeoutExpired:
        raise RunError(f'host {host} cannot be reached: {command[0]} got no answer in {_LONGEST_S:g} s') from None
    said = asked.stdout.decode(errors='replace').split()
    if asked.returncode != 0 or not said:
        complaint = one_line(asked.stderr.decode(errors='replace'))[-300:] or f'{command[0]} ended with status {asked.returncode}'
        raise RunError(f'host {host} cannot be reached, or has no {sys.executable}: {complaint}')
    answer = said[-1]
    if answer == 'no-mpi4py':
        raise RunError(f'host {host}: {sys.executable} has no mpi4py: {NEEDS_MPI4PY}')
    if answer == 'no-onnxruntime':
        raise RunError(f'host {host}: {sys.executable} has no onnxruntime: pip install onnxruntime there')
    if answer == 'no-interface':
        raise RunError(f'host {host} has no interface with the address {address} that its name stands for here; name it by one that it has')
    return answer


def remove_there(host: str, folder: str) -> None:
    """Removes on another host what Open MPI has left in a folder of ours. Says nothing where the host is gone."""
    if is_here(host):
        return
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run([*agent_words(), host, shlex.join(['rm', '-rf', '--', folder])], stdin=subprocess.DEVNULL, capture_output=True,
                       timeout=_LONGEST_S / 3, check=False)
