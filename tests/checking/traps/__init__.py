"""The 97 traps of differentiation, by number: networks and points at which programs have been wrong, and what must be said.

`table` holds those that are one network at one point, `stories` the others, `absent` those that can not be told here.
"""
