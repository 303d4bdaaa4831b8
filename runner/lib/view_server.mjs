// The server of `allot view`: reports of folders, on the loopback interface, for a browser on this machine.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { UserError } from './errors.mjs';
import { replan } from './replan.mjs';
import { Refused, ViewFolder } from './view_folder.mjs';
import { comparePage, planOf, reportPage } from './view_page.mjs';

const REPORT = 'model.report.html', MOST_ASKED = 1e6;  // bytes of a request's body

// Names under which a page of ours is asked for. Another one means that somebody else's name leads here (DNS rebinding).
const isOurs = (host, port) => [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`].includes(host ?? '');

function bodyOf(request) {
  return new Promise((resolve, reject) => {
    const pieces = [];
    let size = 0;
    request.on('data', (piece) => {
      size += piece.length;
      if (size > MOST_ASKED) reject(new Refused(413, 'the request is too long'));
      else pieces.push(piece);
    });
    request.on('end', () => resolve(Buffer.concat(pieces).toString('utf8')));
    request.on('error', () => reject(new Refused(400, 'the request ended early')));
  });
}

/** Folders under names ("a", "b", and "r1", "r2", ... of plans made here), and what is served of them. */
export class ViewServer {
  /** `temporary`: where new plans are written. `model`: where the model is, if not where the plan says. */
  constructor(folders, { temporary, model, say = () => {} }) {
    this.folders = new Map(folders.map((folder, i) => ['ab'[i], new ViewFolder(folder)]));
    this.models = new Map();
    Object.assign(this, { temporary, model, say, plans: 0, planning: false, child: null });
    for (const folder of this.folders.values()) {
      try {
        folder.text(REPORT);
      } catch {
        throw new UserError(`${folder.name}: there is no ${REPORT}; write it with allot MODEL -o ${folder.name}`);
      }
    }
    this.server = http.createServer((request, response) => {
      this.answer(request, response).catch((error) => this.refuse(response, error));
    });
  }

  /** Begins to listen on 127.0.0.1; port 0: any that is free. Resolves to the address. Throws UserError. */
  listen(port) {
    return new Promise((resolve, reject) => {
      this.server.once('error', (error) => reject(new UserError(`port ${port}: ${error.code === 'EADDRINUSE' ? 'somebody else listens there; give another --port, or none' : error.message}`)));
      this.server.listen(port, '127.0.0.1', () => {
        this.port = this.server.address().port;
        resolve(`http://127.0.0.1:${this.port}/`);
      });
    });
  }

  /** Ends all, a plan that is being made too. */
  close() {
    this.child?.kill();
    this.server.close();
    this.server.closeAllConnections?.();
  }

  send(response, status, type, content, headers = {}) {
    response.writeHead(status, {
      'Content-Type': type, 'Content-Length': Buffer.byteLength(content), 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin', 'Referrer-Policy': 'no-referrer',
      'Content-Security-Policy': "default-src 'none'; sandbox; frame-ancestors 'none'", ...headers,
    });
    response.end(response.req.method === 'HEAD' ? undefined : content);
  }

  refuse(response, error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const known = error instanceof Refused || error instanceof UserError;
    if (!known) process.stderr.write(`error: ${error.stack}\n`);
    const status = error instanceof Refused ? error.status : error instanceof UserError ? 422 : 500;
    const text = known ? error.message : 'an error inside allot view';
    if (response.req.method === 'POST') this.send(response, status, 'application/json', JSON.stringify({ error: text }));
    else this.send(response, status, 'text/plain; charset=utf-8', `${text}\n`);
  }

  async answer(request, response) {
    if (!isOurs(request.headers.host, this.port)) throw new Refused(403, `this server is http://127.0.0.1:${this.port}/ and has no other name`);
    const text = /^([^?#]*)/.exec(request.url)[1];
    let where;
    try {
      where = decodeURIComponent(text);
    } catch {
      throw new Refused(400, 'the address is no text');
    }
    if (request.method === 'POST') return this.post(request, response, where);
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new Refused(405, 'only GET, HEAD and POST');
    if (where === '/') return this.redirect(response, this.folders.has('b') ? '/compare/a/b' : `/a/${REPORT}`);
    if (where === '/favicon.ico') return this.send(response, 204, 'image/x-icon', '');  // browsers ask by themselves
    const compare = /^\/compare\/(\w+)\/(\w+)$/.exec(where);
    if (compare) return this.compare(response, compare[1], compare[2]);
    const [, id, name] = /^\/(\w+)\/(.*)$/s.exec(where) ?? [];
    return this.file(response, id, name);
  }

  redirect(response, to) {
    this.send(response, 302, 'text/plain; charset=utf-8', `${to}\n`, { Location: to });
  }

  folderOf(id) {
    const folder = this.folders.get(id);
    if (folder === undefined) throw new Refused(404, 'there is no such plan');
    return folder;
  }

  file(response, id, name) {
    const folder = this.folderOf(id);
    if (name === REPORT) {
      const { html, policy } = reportPage(folder.text(REPORT), folder.name, this.about(id));
      this.send(response, 200, 'text/html; charset=utf-8', html, { 'Content-Security-Policy': policy });
      return;
    }
    const { fd, size, type } = folder.open(name);
    const content = fs.createReadStream(null, { fd, end: Math.max(0, size - 1) });
    response.writeHead(200, {
      'Content-Type': type, 'Content-Length': size, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Cross-Origin-Resource-Policy': 'same-origin',
      'Content-Security-Policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    });
    if (response.req.method === 'HEAD' || size === 0) {
      content.destroy();
      response.end();
      return;
    }
    content.on('error', () => response.destroy());
    response.on('close', () => content.destroy());
    content.pipe(response);
  }

  // What the page is told of itself.
  about(id) {
    const others = [...this.folders].filter(([other]) => other !== id).map(([other, folder]) => ({ id: other, title: this.titleOf(other, folder) }));
    return { id, title: this.titleOf(id, this.folders.get(id)), others };
  }

  titleOf(id, folder) {
    return this.models.get(id)?.title ?? path.basename(folder.root);
  }

  compare(response, first, second) {
    const [before, after] = [first, second].map((id) => {
      const folder = this.folderOf(id);
      return { title: this.titleOf(id, folder), url: `/${id}/${REPORT}`, plan: planOf(folder.text(REPORT), folder.name) };
    });
    if (before.title === after.title) [before, after].forEach((side) => { side.title = this.folders.get(side.url.split('/')[1]).name; });
    const { html, policy } = comparePage(before, after);
    this.send(response, 200, 'text/html; charset=utf-8', html, { 'Content-Security-Policy': policy });
  }

  /** A plan made again: {names or scope, device} as JSON, by a page of ours only. */
  async post(request, response, where) {
    const [, id] = /^\/replan\/(\w+)$/.exec(where) ?? [];
    const origin = /^http:\/\/(.*)$/.exec(request.headers.origin ?? '')?.[1];
    if (!isOurs(origin, this.port) || !/^application\/json\b/.test(request.headers['content-type'] ?? '')) throw new Refused(403, 'only pages of this server may ask for a plan');
    const folder = this.folderOf(id);
    let asked;
    try {
      asked = JSON.parse(await bodyOf(request));
    } catch (error) {
      throw error instanceof Refused ? error : new Refused(400, 'the request is no JSON');
    }
    const isText = (value) => typeof value === 'string' && value !== '' && !value.includes('\0');
    const { names, scope, device } = asked ?? {};
    const some = scope === undefined ? Array.isArray(names) && names.length > 0 && names.every(isText) : isText(scope);
    if (!some || !isText(device)) throw new Refused(400, 'expected names or a scope, and a device');
    if (this.planning) throw new Refused(409, 'another plan is being made; wait for it');
    this.planning = true;
    try {
      this.send(response, 200, 'application/json', JSON.stringify(await this.plan(id, folder, { moved: { names, scope }, device })));
    } finally {
      this.planning = false;
    }
  }

  async plan(id, folder, { moved, device }) {
    const before = planOf(folder.text(REPORT), folder.name), known = new Set(before.nodes.name);
    const strange = moved.scope === undefined ? moved.names.find((name) => !known.has(name)) :
      before.nodes.name.some((name) => name.startsWith(moved.scope)) ? undefined : moved.scope;
    if (strange !== undefined) throw new UserError(`the plan has no node ${strange}`);
    const made = `r${++this.plans}`, out = path.join(this.temporary, made);
    const what = moved.scope ?? (moved.names.length === 1 ? moved.names[0] : `${moved.names.length} nodes`);
    this.say(`planning again with ${what} on ${device}`);
    const { command, model } = await replan(folder, { model: this.models.get(id)?.model ?? this.model, device, moved, out, started: (child) => { this.child = child; } });
    const next = new ViewFolder(out);
    this.folders.set(made, next);
    this.models.set(made, { model, title: `${this.titleOf(id, folder)}, ${what} on ${device}` });
    const after = planOf(next.text(REPORT), next.name);
    return {
      id: made, report: `/${made}/${REPORT}`, compare: `/compare/${id}/${made}`, command, objective: after.summary?.objective,
      before_us: before.summary?.value_us ?? null, after_us: after.summary?.value_us ?? null, tool: after.tool.version,
    };
  }
}
