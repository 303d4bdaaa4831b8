from .programs import allot

allot()
