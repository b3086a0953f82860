"""The symbolic road: forward index definitions in, gradients by SymPy's own differentiation out.

Nothing here computes with arrays, and nothing here knows any rule by which an op pulls a cotangent back.
"""
