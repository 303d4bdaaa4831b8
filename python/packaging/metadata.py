"""What a wheel states of itself and pyproject.toml cannot: the version, which support/version.h has, and the licence, by whether
it is built with GLPK (the environment variable ALLOT_WITH_GLPK)."""

import os
import re


def dynamic_metadata(settings, project):
    """Called by scikit-build-core in the root of the sources."""
    with open('support/version.h', encoding='utf-8') as file:
        version = re.search(r'#define ALLOT_VERSION "([0-9.]+)"', file.read()).group(1)
    with_glpk = os.environ.get('ALLOT_WITH_GLPK', '').upper() in ('1', 'ON', 'TRUE', 'YES')
    return {'version': version, 'license': 'Apache-2.0 AND GPL-3.0-or-later' if with_glpk else 'Apache-2.0'}
