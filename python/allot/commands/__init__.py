"""The programs behind `allot run`, `profile`, `tune` and `view`: `python -m allot.commands.NAME`."""
