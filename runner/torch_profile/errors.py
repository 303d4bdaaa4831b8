"""What can go wrong, by who has to do something about it."""


class UserError(Exception):
    """A mistake of the caller or a damaged file: one line that says where, what and what to do."""


class NoEquivalent(Exception):
    """A node that cannot be measured; the text says why. The model's other nodes are."""
