"""Hosts that are network namespaces of this machine, joined by links of a given bandwidth; and an agent by which mpirun reaches
them as it would by ssh."""

import os
import pathlib
import shlex
import stat
import subprocess
import sys
import time

_AGENT = '''#!/bin/sh
# Called as ssh is: [options] HOST COMMAND...
while :; do case $1 in -*) shift ;; *) break ;; esac; done
host=$1; shift
case $host in
{hosts}
*) echo "agent: connect to host $host: No route to host" >&2; exit 255 ;;
esac
exec {ip} netns exec "$space" unshare --uts sh -c 'hostname "$0"; exec sh -c "$1"' "$space" "$*"
'''


_RANK = 'allot.running.mpi.rank_start'


def _parent(pid):
    try:
        return int(pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[1])
    except OSError:
        return None


def _ip(*words):
    subprocess.run(['ip', *words], check=True, capture_output=True)


def why_not():
    """Why there can be no namespaces here; None if there can."""
    if os.geteuid() != 0:
        return 'needs root'
    for program in ('ip', 'tc', 'unshare', 'mpirun'):
        if subprocess.run(['sh', '-c', f'command -v {program}'], capture_output=True, check=False).returncode != 0:
            return f'there is no {program}'
    try:
        with Hosts(1, '1gbit'):
            return None
    except subprocess.CalledProcessError as error:
        return f"{' '.join(error.cmd)}: {error.stderr.decode(errors='replace').strip()}"


class Hosts:
    """`names`: the addresses of hosts. They hang on one bridge, each by a link that carries `rate` each way (tc's notation)."""

    def __init__(self, count, rate):
        mark = f'al{os.getpid() % 100000}'
        self._middle = f'{mark}m'
        self._spaces = [f'{mark}{number}' for number in range(count)]
        self.names = [f'10.77.0.{number + 1}' for number in range(count)]
        self._rate = rate

    def __enter__(self):
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _make(self):
        _ip('netns', 'add', self._middle)
        _ip('-n', self._middle, 'link', 'add', 'bridge', 'type', 'bridge')
        _ip('-n', self._middle, 'link', 'set', 'bridge', 'up')
        for number, space in enumerate(self._spaces):
            _ip('netns', 'add', space)
            _ip('link', 'add', 'net0', 'netns', space, 'type', 'veth', 'peer', 'name', f'port{number}', 'netns', self._middle)
            _ip('-n', self._middle, 'link', 'set', f'port{number}', 'master', 'bridge', 'up')
            _ip('-n', space, 'addr', 'add', f'{self.names[number]}/24', 'dev', 'net0')
            for name in ('net0', 'lo'):
                _ip('-n', space, 'link', 'set', name, 'up')
            subprocess.run(['tc', '-n', space, 'qdisc', 'add', 'dev', 'net0', 'root', 'tbf', 'rate', self._rate, 'burst', '128kb',
                            'latency', '200ms'], check=True, capture_output=True)

    def __exit__(self, *unused):
        for space in (*self._spaces, self._middle):
            for pid in self._pids(space):
                try:
                    os.kill(pid, 9)
                except OSError:
                    pass
            subprocess.run(['ip', 'netns', 'del', space], capture_output=True, check=False)

    def _pids(self, space):
        said = subprocess.run(['ip', 'netns', 'pids', space], capture_output=True, text=True, check=False).stdout
        return [int(pid) for pid in said.split()]

    def connect(self, host, on):
        """Takes the link of a host down, or up again."""
        _ip('-n', self._middle, 'link', 'set', f'port{host}', 'up' if on else 'down')

    def processes(self, host):
        """Process ids and command lines of what runs in a host, by its number."""
        found = []
        for pid in self._pids(self._spaces[host]):
            try:
                words = pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().decode(errors='replace').split('\0')
            except OSError:
                continue
            if words != ['']:
                found.append((pid, words))
        return found

    def rank(self, host):
        """The process id of the rank in a host; None while there is none."""
        found = [pid for pid, words in self.processes(host)
                 if words[0].endswith(('python', 'python3')) and any(_RANK in word for word in words)]
        return next((pid for pid in found if _parent(pid) in found), None)  # the other one only looks after it

    def inside(self, host, words):
        """The words of a command that runs another one in a host."""
        return ['ip', 'netns', 'exec', self._spaces[host], 'unshare', '--uts', 'sh', '-c', 'hostname "$0"; exec "$@"', self._spaces[host],
                *map(str, words)]

    def write_agent(self, path):
        """Writes what mpirun's plm_rsh_agent may name."""
        cases = '\n'.join(f'{name}) space={space} ;;' for name, space in zip(self.names, self._spaces))
        ip = subprocess.run(['sh', '-c', 'command -v ip'], capture_output=True, text=True, check=True).stdout.strip()
        pathlib.Path(path).write_text(_AGENT.format(hosts=cases, ip=shlex.quote(ip)))
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)

    def latency_us(self):
        """Half of what a byte takes from the first host to the second and back, by TCP: the median of many."""
        port = 7070
        server = ('import socket; s = socket.create_server(("{}", {})); c = s.accept()[0]; '
                  'c.setsockopt(6, 1, 1)\nwhile c.recv(1): c.send(b"x")').format(self.names[1], port)
        client = ('import socket, time; c = socket.create_connection(("{}", {})); c.setsockopt(6, 1, 1); t = []\n'
                  'for _ in range(200):\n a = time.perf_counter(); c.send(b"x"); c.recv(1); t.append(time.perf_counter() - a)\n'
                  'print(sorted(t)[100] / 2 * 1e6)').format(self.names[1], port)
        with subprocess.Popen(self.inside(1, [sys.executable, '-c', server])) as serving:
            try:
                for _ in range(100):
                    time.sleep(0.1)
                    asked = subprocess.run(self.inside(0, [sys.executable, '-c', client]), capture_output=True, text=True, check=False)
                    if asked.returncode == 0:
                        return float(asked.stdout)
                raise AssertionError(asked.stderr)
            finally:
                serving.kill()
