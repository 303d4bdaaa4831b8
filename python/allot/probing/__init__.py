"""Which nodes of a model each device of a machine runs, asked of the runtimes that are installed. `allot target --probe` is its
program."""
