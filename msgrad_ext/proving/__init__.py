"""Proofs at all shapes that rules are right: a rule is recorded at symbolic lengths and read by its ops' meanings.

Here, and only here, a derivative rule (``vjp``) is looked at with the eyes of the symbolic road. The rule is the object of
the proof: it is compared with the adjoint that SymPy derives from the op's meaning, and is never used to derive anything.
"""
