"""Rigorous enclosures: formulas evaluated in ball arithmetic (python-flint), and float gradients compared with the balls."""
