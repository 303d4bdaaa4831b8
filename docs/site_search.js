// Search on the page search.html, in place of MkDocs' own search/main.js: that one needs a worker, which browsers do not
// start on pages that are opened as files. The index is a script, so it loads from anywhere.
// Globals: base_url (set by the page), allotSearchIndex (search/index.js), lunr (search/lunr.js).
'use strict';

function loadScript(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${base_url}/search/${name}`;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`cannot load ${script.src}`));
    document.head.append(script);
  });
}

function resultElement({ location, title, text }) {
  const link = document.createElement('a');
  link.href = `${base_url}/${location}`;
  link.textContent = title;
  const heading = document.createElement('h3');
  heading.append(link);
  const summary = document.createElement('p');
  summary.textContent = text.replaceAll('¶', '').substring(0, 200);
  const article = document.createElement('article');
  article.append(heading, summary);
  return article;
}

async function startSearch() {
  const results = document.getElementById('mkdocs-search-results');
  const query = document.getElementById('mkdocs-search-query');
  if (results === null) return;  // another page: its search box leads to search.html
  await Promise.all([loadScript('lunr.js'), loadScript('index.js')]);
  const pages = new Map(allotSearchIndex.docs.map((page) => [page.location, page]));
  const index = lunr(function build() {
    this.ref('location');
    this.field('title', { boost: 4 });
    this.field('text');
    for (const page of pages.values()) this.add(page);
  });

  const show = () => {
    // Words as they are: what lunr's own syntax would mean by '-', ':' or '*' is no concern of a reader.
    const words = lunr.tokenizer(query.value);
    const found = words.length === 0 ? [] : index.query((q) => words.forEach((word) => {
      q.term(lunr.stemmer(word.clone()).toString(), { boost: 10 });
      q.term(word.toString(), { wildcard: lunr.Query.wildcard.TRAILING });
    }));
    results.replaceChildren(...found.map(({ ref }) => resultElement(pages.get(ref))));
    if (found.length === 0) results.textContent = results.dataset.noResultsText;
  };
  query.value = new URLSearchParams(window.location.search).get('q') ?? '';
  query.addEventListener('input', show);
  show();
}

startSearch();
