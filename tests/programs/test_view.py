"""`allot view`: what it serves and what it refuses, and plans that are made again."""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from onnx_bytes import onnx_model
from programs import ALLOT, run, scratch_folder, start

from allot.errors import InvalidInput
from allot.viewing.compare_page import moved_nodes
from allot.viewing.replan import Moved, pattern_of, shell_word

REPORT = 'model.report.html'
# A chain whose names mean something to a shell and to patterns.
NAMES = ["a/it's(1)", 'a/x.y', 'b[0]/c', 'b[0]/d', 'before:e', 'f|g']
SCRATCH = scratch_folder('view')
MODEL = SCRATCH / 'chain.onnx'


def plan_into(folder, *options):
    subprocess.run([ALLOT, str(MODEL), '--quiet', '-o', str(SCRATCH / folder), *options], cwd=SCRATCH, check=True)


def setUpModule():
    MODEL.write_bytes(onnx_model(
        nodes=[dict(op=['Relu', 'Tanh'][i % 2], name=name, inputs=[f't{i}'], outputs=[f't{i + 1}']) for i, name in enumerate(NAMES)],
        inputs=[('t0', 256, 256)], outputs=[(f't{len(NAMES)}', 256, 256)]))
    plan_into('first', '--target=cpu-2gpu', '--pin=b.*=gpu1')
    plan_into('second', '--target=cpu-2gpu')


class Server:
    """A started `allot view`."""

    def __init__(self, *arguments, cwd=SCRATCH):
        self.temporary = pathlib.Path(tempfile.mkdtemp(dir=SCRATCH, prefix='tmp-'))
        self.child = start('view', *arguments, cwd=cwd, TMPDIR=str(self.temporary))
        line = self.child.stdout.readline()
        found = re.search(r'http://127\.0\.0\.1:(\d+)/', line)
        self.port = int(found.group(1)) if found else None
        self.address = found.group(0) if found else None

    def end(self, number=signal.SIGTERM):
        """Ends it: (status, stderr)."""
        self.child.send_signal(number)
        return self.ended()

    def ended(self):
        _, err = self.child.communicate(timeout=60)
        return self.child.returncode, err


@contextlib.contextmanager
def serving(*arguments, **options):
    server = Server(*arguments, **options)
    try:
        yield server
    finally:
        server.child.kill()
        server.child.communicate()


class Answer:
    def __init__(self, data):
        head, _, self.body = data.decode(errors='replace').partition('\r\n\r\n')
        found = re.match(r'HTTP/1\.1 (\d+)', head)
        self.status, self.headers = int(found.group(1)) if found else None, head


def raw(port, text, host='127.0.0.1'):
    """Sends bytes as they are, and reads all that comes."""
    with socket.create_connection((host, port), timeout=60) as connection:
        connection.sendall(text.encode())
        pieces = []
        while True:
            piece = connection.recv(1 << 16)
            if not piece:
                return Answer(b''.join(pieces))
            pieces.append(piece)


def get(port, url, host=None):
    host = f'127.0.0.1:{port}' if host is None else host
    return raw(port, f'GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n')


def ask(server, name, body, **headers):
    """Asks for a plan: (status, answer)."""
    connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=120)
    sent = {'Content-Type': 'application/json', 'Origin': server.address[:-1], **{key.replace('_', '-'): value for key, value in headers.items()}}
    connection.request('POST', f'/replan/{name}', body if isinstance(body, str) else json.dumps(body), sent)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    return answer.status, said


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def predicted(folder):
    return json.loads((folder / 'plan.json').read_text())['predicted']['value_us']


def page_plan(html):
    return json.loads(re.search(r'id="plan">(.*?)</script>', html, re.DOTALL).group(1))


def device_of(plan, name):
    cluster = plan['nodes']['cluster'][plan['nodes']['name'].index(name)]
    return plan['devices'][plan['parts'][plan['clusters']['part'][cluster]]['device']]['name']


class View(unittest.TestCase):
    def test_a_report_is_served_as_it_is_and_may_ask_this_server_only(self):
        server, file = Server('first'), (SCRATCH / 'first' / REPORT).read_text()
        self.addCleanup(server.child.kill)
        home = get(server.port, '/')
        self.assertEqual(home.status, 302)
        self.assertIn(f'Location: /a/{REPORT}', home.headers)
        page = get(server.port, f'/a/{REPORT}')
        self.assertEqual(page.status, 200)
        # All of the file but its policy and its end is there.
        policy = re.search(r'content="(default-src [^"]*)"', page.body).group(1)
        self.assertTrue(page.body.startswith(file[:file.index('<meta http-equiv')]))
        self.assertIn(file[file.index('<style>'):file.rindex('</body>')], page.body)
        # Both policies let the page's script and the client run, and nothing load.
        scripts = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
                   for text in re.findall('<script>(.*?)</script>', page.body, re.DOTALL)]
        self.assertEqual(len(scripts), 2)
        for one in (policy, re.search(r'^Content-Security-Policy: ([^\r]*)', page.headers, re.MULTILINE).group(1)):
            self.assertTrue(one.startswith("default-src 'none'; "))
            self.assertIn("connect-src 'self'", one)
            self.assertEqual(re.search('script-src ([^;]*)', one).group(1).split(' '), scripts)
        plan = get(server.port, '/a/plan.json')
        self.assertEqual(plan.body, (SCRATCH / 'first/plan.json').read_text())
        self.assertIn("Content-Security-Policy: default-src 'none'; sandbox", plan.headers)
        self.assertIn('X-Content-Type-Options: nosniff', plan.headers)
        self.assertEqual(get(server.port, '/a/nothing').status, 404)
        self.assertEqual(get(server.port, '/b/plan.json').status, 404)
        rest = f'/a/plan.json HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n'
        self.assertEqual(raw(server.port, 'HEAD ' + rest).body, '')
        for method in ('DELETE', 'PUT', 'OPTIONS'):
            self.assertEqual(raw(server.port, f'{method} {rest}').status, 405, method)
        self.assertEqual(server.end()[0], 0)
        self.assertEqual(list(server.temporary.iterdir()), [], 'nothing is left behind')

    def test_one_connection_gets_many_answers(self):
        with serving('first') as server:
            connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
            for _ in range(3):
                connection.request('GET', '/a/plan.json')
                answer = connection.getresponse()
                self.assertEqual(answer.read(), (SCRATCH / 'first/plan.json').read_bytes())
            connection.request('POST', '/replan/a', b'{}')  # refused; what follows is answered
            self.assertEqual(connection.getresponse().read(), b'{"error": "only pages of this server may ask for a plan"}')
            connection.request('HEAD', '/a/plan.json')
            self.assertEqual(connection.getresponse().read(), b'')
            connection.close()

    def test_nothing_outside_the_folder_is_given(self):
        folder = SCRATCH / 'guarded'
        plan_into('guarded', '--target=cpu-2gpu', '--emit=report,plan')
        (SCRATCH / 'secret.txt').write_text('secret')
        (SCRATCH / 'guarded-beside').mkdir()
        (SCRATCH / 'guarded-beside/secret.txt').write_text('secret')
        for name, to in (('link', '../secret.txt'), ('up', '..'), ('users', '/etc/passwd'), ('beside', '../guarded-beside/secret.txt'),
                         ('twice', 'link'), ('inside.json', 'plan.json'), ('loop', 'loop')):
            (folder / name).symlink_to(to)
        (folder / 'sub').mkdir()
        (folder / 'sub/file.txt').write_text('given')
        (folder / 'empty').write_text('')
        os.mkfifo(folder / 'fifo')
        with serving('guarded') as server:
            for url in ('/a/../secret.txt', '/a/%2e%2e/secret.txt', '/a/..%2fsecret.txt', '/a/%2e%2e%2fsecret.txt',
                        '/a/sub/../../secret.txt', '/a/sub/%2e%2e/%2e%2e/secret.txt', '/../secret.txt', '/secret.txt', '//etc/passwd',
                        '/a//etc/passwd', '/a/%2fetc/passwd', '/a/..%5csecret.txt', '/a/link', '/a/up/secret.txt', '/a/up', '/a/users',
                        '/a/beside', '/a/twice', '/a/loop', '/a/fifo', '/a/sub', '/a/sub/', '/a/', '/a', '/a/plan.json%00.txt', '/a/%ff',
                        '/a/%zz', '/a/./plan.json', '/a/%252e%252e/secret.txt', '/a/../guarded-beside/secret.txt',
                        '/__class__/plan.json', '/compare/a/__class__', '/compare/a/b', 'http://evil.example/a/plan.json', '*'):
                answer = get(server.port, url)
                self.assertIn(answer.status, (400, 403, 404), url)
                self.assertIsNone(re.search(r'secret\b(?!\.)|root:', answer.body), url)
            for url, text in (('/a/inside.json', 'allot.plan'), ('/a/sub/file.txt', '^given$'), ('/a/empty', '^$'),
                              ('/a/plan.json?x=../../..', 'allot.plan')):
                answer = get(server.port, url)
                self.assertEqual(answer.status, 200, url)
                self.assertRegex(answer.body, text)
            # A report that is a link outwards is no report of this folder.
            (folder / REPORT).rename(SCRATCH / 'moved.html')
            (folder / REPORT).symlink_to('../moved.html')
            self.assertEqual(get(server.port, f'/a/{REPORT}').status, 403)
        status, out, err = run('view', 'guarded', cwd=SCRATCH)
        self.assertEqual(status, 1)
        self.assertEqual(err, 'error: guarded: there is no model.report.html; write it with allot MODEL -o guarded\n')

    def test_only_this_machine_is_answered_and_only_under_its_own_name(self):
        with serving('first') as server:
            port, url = server.port, '/a/plan.json'
            for host in ('evil.example', f'evil.example:{port}', '127.0.0.1', f'127.0.0.1:{port + 1}', f'127.0.0.1:{port}.evil.example',
                         '', f'127.0.0.1:{port}\r\nHost: evil.example'):
                self.assertEqual(get(port, url, host).status, 403, host)
            self.assertIn(raw(port, f'GET {url} HTTP/1.0\r\n\r\n').status, (400, 403))
            self.assertNotIn('allot.plan', raw(port, f'GET {url}\r\n\r\n').body)
            for host in (f'localhost:{port}', f'127.0.0.1:{port}'):
                self.assertEqual(get(port, url, host).status, 200)
            for address in addresses_of_this_machine():
                with self.assertRaises(ConnectionRefusedError):
                    raw(port, 'GET / HTTP/1.0\r\n\r\n', address)
            # Pages of others may not ask for plans.
            asked = {'names': ['a/x.y'], 'device': 'gpu0'}
            for headers in ({'Origin': 'http://evil.example'}, {'Origin': 'null'}, {'Content_Type': 'text/plain'},
                            {'Content_Type': 'application/jsonp'}, {'Host': 'evil.example'}):
                self.assertEqual(ask(server, 'a', asked, **headers)[0], 403, headers)
            without = 'Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'
            self.assertEqual(raw(port, f'POST /replan/a HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{without}').status, 403)
            for odd, status in ((f'GET /{"a" * 70000} HTTP/1.1\r\n\r\n', 414),
                                (f'BREW /a/plan.json HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n', 501)):
                answer = raw(port, odd)
                self.assertEqual(answer.status, status, odd[:20])
                self.assertIn("Content-Security-Policy: default-src 'none'; sandbox", answer.headers)
            self.assertIn('Bad request', raw(port, 'garbage\r\n\r\n').body or raw(port, 'garbage\r\n\r\n').headers)
            chunked = f'POST /replan/a HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
            self.assertEqual(raw(port, chunked).status, 411)

    def test_a_plan_is_made_again_with_a_node_elsewhere(self):
        server, before = Server('first'), digests(SCRATCH / 'first')
        self.addCleanup(server.child.kill)
        for i, name in enumerate(NAMES, 1):
            _, answer = ask(server, 'a', {'names': [name], 'device': 'gpu0'})
            self.assertNotIn('error', answer, name)
            self.assertEqual(answer['before_us'], predicted(SCRATCH / 'first'))
            # What it says makes the same plan, and the rule of before is in it.
            self.assertRegex(answer['command'], r'^allot chain\.onnx --target=cpu-2gpu --objective=latency .*--pin=b\.\*=gpu1.* -o first-replanned$')
            out = SCRATCH / 'first-replanned'
            shutil.rmtree(out, ignore_errors=True)
            subprocess.run(['sh', '-c', re.sub('^allot', f'{ALLOT} --quiet', answer['command'])], cwd=SCRATCH, check=True)
            self.assertEqual(predicted(out), answer['after_us'])
            self.assertEqual(device_of(page_plan(get(server.port, answer['report']).body), name), 'gpu0', name)
            self.assertEqual(answer['compare'], f'/compare/a/r{i}')
            self.assertEqual(get(server.port, answer['compare']).status, 200)
        # Of that plan another one, by a scope: both are moved.
        _, further = ask(server, 'r1', {'scope': 'a/', 'device': 'gpu1'})
        self.assertRegex(further['command'], r"'?--pin=a/\.\*=gpu1'? .*--pin=a/it")
        self.assertEqual(digests(SCRATCH / 'first'), before, 'the folder is as it was')
        for body, wanted, error in (
                ({'names': ['a/x.y'], 'device': 'gpu7'}, 422, 'no device gpu7'), ({'names': [], 'device': 'gpu0'}, 400, 'expected'),
                ({'names': 'a', 'device': 'gpu0'}, 400, 'expected'), ({'names': ['a']}, 400, 'expected'),
                ({'names': ['a', 3], 'device': 'gpu0'}, 400, 'expected'), ({'names': ['a\0'], 'device': 'gpu0'}, 400, 'expected'),
                ('{', 400, 'no JSON'), ('[' * 100000, 400, 'no JSON'), ('null', 400, 'expected'), (' ' * 2000000, 413, 'too long'),
                ({'names': ['no such node'], 'device': 'gpu0'}, 422, '^the plan has no node no such node$'),
                ({'scope': 'nowhere/', 'device': 'gpu0'}, 422, '^the plan has no node nowhere/$')):
            status, answer = ask(server, 'a', body)
            self.assertEqual(status, wanted, str(body)[:60])
            self.assertRegex(answer['error'], error)
        self.assertEqual(ask(server, 'zz', {'names': ['a'], 'device': 'gpu0'})[0], 404)
        # One at a time.
        statuses = []
        threads = [threading.Thread(target=lambda device=device: statuses.append(ask(server, 'a', {'names': ['a/x.y'], 'device': device})[0]))
                   for device in ('gpu0', 'gpu1')]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [200, 409])
        self.assertEqual(server.end(signal.SIGINT)[0], 0)
        self.assertEqual(list(server.temporary.iterdir()), [])

    def test_what_a_plan_was_made_from_is_kept(self):
        with open(SCRATCH / 'machine.json', 'wb') as file:
            subprocess.run([ALLOT, '--print-target', '--target=cpu-gpu'], stdout=file, check=True)
        (SCRATCH / 'costs.csv').write_text("node,device,time_us\na/it's(1),cpu0,7\n")
        plan_into('before', '--target=machine.json', '--emit=plan')
        plan_into('kept', '--target=machine.json', '--objective=throughput', '--replicas=no', '--forbid=f.*=gpu0', '--seed=7',
                  '--default-dim=3', '--work=5000', '--cost-model=flops', '--costs=costs.csv', '--together=b.*', '--start=before')
        with serving(SCRATCH / 'kept', cwd=tempfile.gettempdir()) as server:
            _, answer = ask(server, 'a', {'names': ['a/x.y'], 'device': 'cpu0'})
            self.assertNotIn('error', answer)
            for word in (r'--target=\S*machine\.json ', '--objective=throughput ', r"'--forbid=f\.\*=gpu0' ", '--seed=7 ', '--default-dim=3 ',
                         '--cost-model=flops ', r'--costs=\S*costs\.csv ', r"'--together=b\.\*' ", r'--start=\S*before/plan\.json ',
                         "'--pass-pipeline=.*replicas=false.*' "):
                self.assertRegex(answer['command'], word)

    def test_a_plan_from_what_came_through_a_pipe_is_shown_and_not_made_again(self):
        folder = SCRATCH / 'piped'
        subprocess.run(['bash', '-c', 'exec "$0" "$1" --quiet -o "$2" --target=<("$0" --print-target --target=cpu-2gpu) --emit=report,plan,manifest',
                        ALLOT, str(MODEL), str(folder)], check=True)
        self.assertIsNone(json.loads((folder / 'plan.json').read_text())['made_from']['target'])
        with serving(folder) as server:
            status, answer = ask(server, 'a', {'names': ['a/x.y'], 'device': 'gpu0'})
            self.assertEqual(status, 422)
            self.assertRegex(answer['error'], r'piped: the plan was made with --target from a pipe, .*; make it with --target=FILE$')

    def test_a_damaged_plan_is_shown_and_not_made_again(self):
        folder = SCRATCH / 'damaged'
        plan_into('damaged', '--target=cpu-2gpu', '--emit=report,plan,manifest')
        plan = json.loads((folder / 'plan.json').read_text())
        for change in ({'made_from': {}}, {'made_from': {**plan['made_from'], 'dims': 3}}, {'schema': 'x'}):
            (folder / 'plan.json').write_text(json.dumps({**plan, **change}))
            with serving(folder) as server:
                status, answer = ask(server, 'a', {'names': ['a/x.y'], 'device': 'gpu0'})
                self.assertEqual(status, 422)
                self.assertRegex(answer['error'], 'plan.json')

    def test_where_the_model_is(self):
        plan_into('away', '--target=cpu-2gpu', '--emit=report,plan')
        asked = {'names': ['a/x.y'], 'device': 'gpu0'}
        with serving('away') as server:
            status, answer = ask(server, 'a', asked)
            self.assertEqual(status, 422)
            self.assertEqual(answer['error'], 'the model chain.onnx is not there; start with allot view --model=FILE')
        with serving(SCRATCH / 'away', '--model=chain.onnx') as server:
            self.assertEqual(ask(server, 'a', asked)[0], 200)

    def test_two_plans_beside_each_other(self):
        with serving('first', 'second') as server:
            self.assertIn('Location: /compare/a/b', get(server.port, '/').headers)
            page = get(server.port, '/compare/a/b')
            self.assertRegex(page.body, r'<th scope="row">predicted latency</th><td>[\d.]+ .s</td><td>[\d.]+ .s</td>')
            moved = moved_nodes(*(page_plan((SCRATCH / folder / REPORT).read_text()) for folder in ('first', 'second')))
            self.assertTrue(any(name == 'b[0]/c' and before == 'gpu1' for name, before, _ in moved))
            self.assertRegex(page.body, f'<h2>{len(moved)} nodes? (is|are) on another device</h2>')
            self.assertIn('b[0]/c', page.body)
            self.assertNotIn("it's", page.body, 'names are text')
            self.assertRegex(page.headers, r"Content-Security-Policy: default-src 'none'; [^\r]*frame-src 'self'")

    def test_words_and_patterns(self):
        self.assertEqual(pattern_of(Moved(['a.b*(c)'])), r'a\.b\*\(c\)')
        self.assertEqual(pattern_of(Moved(scope='layers.1/')), r'layers\.1/.*')
        self.assertEqual(pattern_of(Moved(['before:x'])), '[b]efore:x')
        with self.assertRaisesRegex(InvalidInput, 'too long'):
            pattern_of(Moved(['x' * 2000]))
        self.assertEqual(shell_word("it's"), "'it'\\''s'")
        self.assertEqual(shell_word('--pin=a/b=gpu0'), '--pin=a/b=gpu0')
        self.assertEqual(shell_word('a\n'), "'a\n'")

    def test_command_lines_that_are_wrong(self):
        for arguments, error in (
                ([], r'error: no folder given; usage: allot view DIR \[DIR\]'), (['a', 'b', 'c'], 'error: more than two folders given'),
                (['nowhere'], r'error: nowhere: there is no such folder\n$'), (['chain.onnx'], r'error: chain\.onnx: not a folder'),
                (['first', '--port=70000'], r'error: --port=70000: expected at most 65535\n$'),
                (['first', '--prot=1'], r'error: unknown option --prot; did you mean --port\? \(--help lists all\)\n$'),
                (['.'], r'error: \.: there is no model\.report\.html')):
            status, _, err = run('view', *arguments, cwd=SCRATCH)
            self.assertEqual(status, 1, arguments)
            self.assertRegex(err, '^' + error)
        with serving('first') as busy:
            status, _, err = run('view', 'first', f'--port={busy.port}', cwd=SCRATCH)
        self.assertEqual(status, 1)
        self.assertRegex(err, r'^error: port \d+: somebody else listens there')
        status, out, err = run('view', '--help', cwd=SCRATCH)
        self.assertEqual((status, err), (0, ''))
        self.assertRegex(out, r'^usage: allot view DIR \[DIR\] \[options\]\n')


def addresses_of_this_machine():
    """Those that other machines reach it by."""
    try:
        shown = subprocess.run(['hostname', '-I'], capture_output=True, text=True).stdout.split()
    except OSError:
        return []
    return [address for address in shown if ':' not in address]


if __name__ == '__main__':
    unittest.main()
