"""Reports of plans in a browser on this machine, and plans made again there. `allot view` is its program."""
