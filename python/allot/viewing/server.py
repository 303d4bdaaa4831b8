"""The server of `allot view`: reports of folders, on the loopback interface, for a browser on this machine."""

from __future__ import annotations

import errno
import http.server
import json
import os
import re
import socketserver
import subprocess
import sys
import threading
import traceback
import urllib.parse
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

from ..errors import AllotError, InvalidInput
from .compare_page import Side, compare_page
from .folder import Refused, ServedFolder
from .replan import Moved, replan
from .report_page import plan_of, report_page

REPORT = 'model.report.html'
_MOST_ASKED = 1_000_000  # bytes of a request's body
_MOST_DRAINED = 16_000_000  # bytes that are read of one that is too long, so that its sender hears why
_LONGEST_SILENCE_S = 60
_STEP = 1 << 18
_SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"
_TEXT = 'text/plain; charset=utf-8'


class ViewServer:
    """Folders under names ("a", "b", and "r1", "r2", ... of plans made here), and what is served of them."""

    def __init__(self, folders: Sequence[str], *, temporary: str, model: Optional[str] = None,
                 say: Callable[[str], None] = lambda text: None) -> None:
        """temporary: where new plans are written. model: where the model is, if not where the plan says. Raises InvalidInput."""
        self.folders: Dict[str, ServedFolder] = {}
        for name, folder in zip('ab', folders):
            self.folders[name] = ServedFolder(folder)
        for served in self.folders.values():
            try:
                served.text(REPORT)
            except Refused:
                raise InvalidInput(f'{served.name}: there is no {REPORT}; write it with allot MODEL -o {served.name}') from None
        self._models: Dict[str, str] = {}  # of plans made here
        self._titles: Dict[str, str] = {}
        self._temporary, self._model, self._say = temporary, model, say
        self._planning = threading.Lock()
        self._child: 'Optional[subprocess.Popen[str]]' = None
        self._server: Optional[_Listener] = None
        self.port = 0

    def listen(self, port: int) -> str:
        """Begins to serve on 127.0.0.1, in threads of its own; port 0: any that is free. Returns the address. Raises
        InvalidInput."""
        try:
            self._server = _Listener(('127.0.0.1', port), self)
        except OSError as error:
            why = 'somebody else listens there; give another --port, or none' if error.errno == errno.EADDRINUSE else error.strerror
            raise InvalidInput(f'port {port}: {why}') from None
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f'http://127.0.0.1:{self.port}/'

    def close(self) -> None:
        """Ends all, a plan that is being made too."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        if self._child:
            self._child.kill()
            self._child.wait()

    def is_ours(self, host: Optional[str]) -> bool:
        """Whether a page of ours is asked for under this name. Another one means that somebody else's name leads here (DNS
        rebinding)."""
        return host in (f'127.0.0.1:{self.port}', f'localhost:{self.port}', f'[::1]:{self.port}')

    def folder_of(self, name: str) -> ServedFolder:
        """The folder of a plan. Raises Refused."""
        folder = self.folders.get(name)
        if folder is None:
            raise Refused(404, 'there is no such plan')
        return folder

    def home(self) -> str:
        """Where a browser begins."""
        return '/compare/a/b' if 'b' in self.folders else f'/a/{REPORT}'

    def report(self, name: str) -> Tuple[str, str]:
        """A report with the client in it, and its policy. Raises Refused."""
        folder = self.folder_of(name)
        others = [{'id': other, 'title': self._title_of(other)} for other in list(self.folders) if other != name]
        return report_page(folder.text(REPORT), folder.name, {'id': name, 'title': self._title_of(name), 'others': others})

    def compare(self, first: str, second: str) -> Tuple[str, str]:
        """Two plans beside each other, and the page's policy. Raises Refused."""
        folders = [self.folder_of(name) for name in (first, second)]
        titles = [self._title_of(name) for name in (first, second)]
        if titles[0] == titles[1]:
            titles = [folder.name for folder in folders]
        sides = [Side(title, f'/{name}/{REPORT}', plan_of(folder.text(REPORT), folder.name))
                 for title, name, folder in zip(titles, (first, second), folders)]
        return compare_page(*sides)

    def _title_of(self, name: str) -> str:
        return self._titles.get(name) or os.path.basename(self.folders[name].root)

    def plan_again(self, name: str, asked: Any) -> Dict[str, Any]:
        """A plan made again as `asked`, {names or scope, device}. Raises Refused, AllotError."""
        folder = self.folder_of(name)
        asked = asked if isinstance(asked, dict) else {}
        names, scope, device = asked.get('names'), asked.get('scope'), asked.get('device')
        if scope is None:
            some = isinstance(names, list) and len(names) > 0 and all(map(_is_text, names))
        else:
            some = _is_text(scope)
        if not some or not _is_text(device):
            raise Refused(400, 'expected names or a scope, and a device')
        if not self._planning.acquire(blocking=False):
            raise Refused(409, 'another plan is being made; wait for it')
        try:
            return self._plan(name, folder, Moved(names if scope is None else (), scope), device)
        finally:
            self._child = None
            self._planning.release()

    def _plan(self, name: str, folder: ServedFolder, moved: Moved, device: str) -> Dict[str, Any]:
        before = plan_of(folder.text(REPORT), folder.name)
        known = set(before['nodes']['name'])
        strange = [moved.scope] if moved.scope is not None and not any(node.startswith(moved.scope) for node in known) else []
        strange += [node for node in moved.names if node not in known]
        if strange:
            raise InvalidInput(f'the plan has no node {strange[0]}')
        made = f'r{len(self._models) + 1}'
        out = os.path.join(self._temporary, made)
        self._say(f'planning again with {moved.label()} on {device}')
        new = replan(folder, model=self._models.get(name) or self._model, device=device, moved=moved, out=out, started=self._started)
        served = ServedFolder(out)
        after = plan_of(served.text(REPORT), served.name)
        self._titles[made] = f'{self._title_of(name)}, {moved.label()} on {device}'
        self._models[made] = new.model
        self.folders[made] = served
        old_summary, new_summary = before.get('summary') or {}, after.get('summary') or {}
        return {
            'id': made, 'report': f'/{made}/{REPORT}', 'compare': f'/compare/{name}/{made}', 'command': new.command,
            'objective': new_summary.get('objective'), 'before_us': old_summary.get('value_us'),
            'after_us': new_summary.get('value_us'), 'tool': after['tool']['version'],
        }

    def _started(self, child: 'subprocess.Popen[str]') -> None:
        self._child = child


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != '' and '\0' not in value


class _Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True  # a port that nobody listens at any more
    request_queue_size = 64

    def __init__(self, address: Tuple[str, int], view: ViewServer) -> None:
        self.view = view
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no fault of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = 'HTTP/1.1'
    server_version, sys_version = 'allot-view', ''
    timeout = _LONGEST_SILENCE_S

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing is written down of requests."""

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_GET

    def send_error(self, code: int, message: Optional[str] = None, explain: Optional[str] = None) -> None:
        """What the library refuses is refused as all else is."""
        self.close_connection = True
        self._send(code, _TEXT, f'{message or "no request of HTTP"}\n')

    def _answer(self) -> None:
        self._answered = False
        try:
            self._dispatch()
        except (Refused, AllotError) as error:
            self._refuse(error.status if isinstance(error, Refused) else 422, str(error))
        except (BrokenPipeError, ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception:  # a bug
            sys.stderr.write(f'error: {traceback.format_exc()}')
            self._refuse(500, 'an error inside allot view')

    def _refuse(self, status: int, text: str) -> None:
        if self._answered:
            self.close_connection = True
        elif self.command == 'POST':
            self._send(status, 'application/json', json.dumps({'error': text}))
        else:
            self._send(status, _TEXT, text + '\n')

    def _send(self, status: int, kind: str, content: str, policy: str = _SANDBOX, location: Optional[str] = None) -> None:
        data = content.encode(errors='replace')
        self._begin(status, kind, len(data), policy, location)
        if self.command != 'HEAD':
            self.wfile.write(data)

    def _begin(self, status: int, kind: str, size: int, policy: str, location: Optional[str] = None) -> None:
        self._answered = True
        self.send_response(status)
        headers = {
            'Content-Type': kind, 'Content-Length': str(size), 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff',
            'Cross-Origin-Resource-Policy': 'same-origin', 'Referrer-Policy': 'no-referrer', 'Content-Security-Policy': policy,
        }
        if location is not None:
            headers['Location'] = location
        if self.close_connection:
            headers['Connection'] = 'close'
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _dispatch(self) -> None:
        view, hosts = self.server.view, self.headers.get_all('Host') or []
        if self.command == 'POST':
            body = self._body()  # whatever becomes of it, the next request begins behind it
        if len(hosts) != 1 or not view.is_ours(hosts[0]):
            raise Refused(403, f'this server is http://127.0.0.1:{view.port}/ and has no other name')
        where = _decoded(re.split('[?#]', self.path, maxsplit=1)[0])
        if self.command == 'POST':
            self._post(where, body)
        elif self.command not in ('GET', 'HEAD'):
            self.close_connection = True  # a body may follow that nobody reads
            raise Refused(405, 'only GET, HEAD and POST')
        elif where == '/':
            self._send(302, _TEXT, view.home() + '\n', location=view.home())
        elif where == '/favicon.ico':  # browsers ask by themselves
            self._send(204, 'image/x-icon', '')
        else:
            self._page(view, where)

    def _page(self, view: ViewServer, where: str) -> None:
        compared = re.fullmatch(r'/compare/(\w+)/(\w+)', where, re.ASCII)
        if compared:
            html, policy = view.compare(*compared.groups())
            self._send(200, 'text/html; charset=utf-8', html, policy)
            return
        found = re.fullmatch(r'/(\w+)/(.*)', where, re.ASCII | re.DOTALL)
        name, file = found.groups() if found else ('', '')
        if file == REPORT:
            html, policy = view.report(name)
            self._send(200, 'text/html; charset=utf-8', html, policy)
        else:
            self._file(view.folder_of(name), file)

    def _file(self, folder: ServedFolder, name: str) -> None:
        file = folder.open(name)
        with os.fdopen(file.descriptor, 'rb', buffering=0) as stream:
            self._begin(200, file.type, file.size, _SANDBOX)
            left = 0 if self.command == 'HEAD' else file.size
            while left > 0:
                piece = stream.read(min(_STEP, left))
                if not piece:  # it became shorter
                    self.close_connection = True
                    return
                self.wfile.write(piece)
                left -= len(piece)

    def _body(self) -> bytes:
        said = self.headers.get('Content-Length', '0' if 'Transfer-Encoding' not in self.headers else '')
        if not re.fullmatch('[0-9]{1,12}', said):
            self.close_connection = True
            raise Refused(411, 'the request must say how long it is')
        length = int(said)
        if length <= _MOST_ASKED:
            body = self.rfile.read(length)
            if len(body) < length:
                raise Refused(400, 'the request ended early')
            return body
        self.close_connection = True
        left = min(length, _MOST_DRAINED)
        while left > 0:
            piece = self.rfile.read(min(_STEP, left))
            if not piece:
                break
            left -= len(piece)
        raise Refused(413, 'the request is too long')

    def _post(self, where: str, body: bytes) -> None:
        """A plan made again: {names or scope, device} as JSON, by a page of ours only."""
        view = self.server.view
        origin = self.headers.get('Origin', '')
        kind = self.headers.get('Content-Type', '')
        if not origin.startswith('http://') or not view.is_ours(origin[len('http://'):]) or \
                not re.match(r'application/json\b', kind):
            raise Refused(403, 'only pages of this server may ask for a plan')
        found = re.fullmatch(r'/replan/(\w+)', where, re.ASCII)
        name = found.group(1) if found else ''
        view.folder_of(name)
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            raise Refused(400, 'the request is no JSON') from None
        self._send(200, 'application/json', json.dumps(view.plan_again(name, asked)))


def _decoded(path: str) -> str:
    """A path of a URL as text. Raises Refused."""
    if re.search('%(?![0-9A-Fa-f]{2})', path):
        raise Refused(400, 'the address is no text')
    try:
        return urllib.parse.unquote_to_bytes(path.encode('latin-1')).decode()
    except ValueError:
        raise Refused(400, 'the address is no text') from None
