"""From a call of a network to a graph: the trace, what it may look at, and cells with rules of their own."""
