"""The matrix of a linear graph: all its rows at once, with what is known to be zero left out."""
