"""The programs behind `allot run`, `allot profile`, `allot tune` and `allot view`, a module each."""
