"""Beginnings of lines by which ranks and the program that started them understand each other."""

RESULT = 'allot-result:'
"""Of rank 0's output: the result as JSON follows."""
ALIVE = 'allot-alive'
"""A line that rank 0 writes now and then."""
ERROR = 'allot-error:'
"""Of any rank's errors: JSON follows, [rank, where it is, why the run ends]; without a place the reason goes on behind it."""
