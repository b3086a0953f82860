"""The optional second tier: a graph as one C function, compiled in the background where a C compiler is found."""
