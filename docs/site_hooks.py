"""What MkDocs does not do by itself when it builds the site (see ../mkdocs.yml).

Pages link to source files of the repository, which are not below docs/: such files are put beside the pages as text.
Headings get the anchors that forges give them, so that one link serves both. Searching works without a server.
"""

import os
import re
import shutil
import tempfile

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

# What follows the language of a block ("file=...", "from=...") is for tests, and unknown to MkDocs.
BLOCK = re.compile(r'^(```\w+) .*$', re.MULTILINE)
LINK = re.compile(r'(?<=\]\()(?!\w+:|#)([^)\s#]+)')
NOT_SHOWN = ('.py', '.sh', '.js', '.mjs', '.txt')

copies = tempfile.TemporaryDirectory(prefix='allot-site-')


def forge_anchor(heading, separator):
    """The anchor of a heading as GitHub makes it."""
    return re.sub(r'[^\w\- ]', '', heading.strip().lower()).replace(' ', separator)


def outside(link, page, docs):
    """The path of `link` in the repository if it leads from `page` out of docs/, else None."""
    root = os.path.dirname(docs)
    path = os.path.normpath(os.path.join(docs, os.path.dirname(page), link))
    if (path + os.sep).startswith(docs + os.sep) and not path.endswith(NOT_SHOWN):
        return None
    if not os.path.isfile(path) or not path.startswith(root + os.sep):
        raise PluginError(f"{page}: '{link}' is no file of the repository")
    return os.path.relpath(path, root)


def copy_of(path):
    return f'source/{path}.txt'


def on_config(config):
    config['mdx_configs'].setdefault('toc', {}).update(slugify=forge_anchor, permalink=True)
    return config


def on_files(files, config):
    docs = config['docs_dir']
    for file in list(files):
        if file.abs_src_path.startswith(docs + os.sep) and file.src_uri.endswith(NOT_SHOWN):
            files.remove(file)
    needed = set()
    for page in files.documentation_pages():
        with open(page.abs_src_path, encoding='utf-8') as text:
            needed.update(outside(link, page.src_uri, docs) for link in LINK.findall(text.read()))
    for path in sorted(needed - {None}):
        copy = os.path.join(copies.name, copy_of(path))
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copyfile(os.path.join(os.path.dirname(docs), path), copy)
        files.append(File(copy_of(path), copies.name, config['site_dir'], use_directory_urls=False))
    return files


def on_page_markdown(markdown, page, config, files):
    here = page.file.src_uri

    def rewrite(match):
        path = outside(match[1], here, config['docs_dir'])
        return match[1] if path is None else os.path.relpath(copy_of(path), os.path.dirname(here) or '.')

    return LINK.sub(rewrite, BLOCK.sub(r'\1', markdown))


def on_page_content(html, page, config, files):
    # In cells of tables forges take '\|' for '|', in code too.
    return re.sub(r'<td.*?</td>', lambda cell: cell[0].replace('\\|', '|'), html, flags=re.DOTALL)


def on_post_build(config):
    search = os.path.join(config['site_dir'], 'search')
    with open(os.path.join(search, 'search_index.json'), encoding='utf-8') as index:
        script = f'const allotSearchIndex = {index.read()};\n'
    with open(os.path.join(search, 'index.js'), 'w', encoding='utf-8') as file:
        file.write(script)
    shutil.copyfile(os.path.join(config['docs_dir'], 'site_search.js'), os.path.join(search, 'main.js'))
    for unused in ('search_index.json', 'worker.js'):
        os.remove(os.path.join(search, unused))
